/** What answers are made of, and what a cluster is told to be: the types that several functions share. */

export type UnixTime = number;
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** `unknown`: an input is missing, or a construct is not modelled. It never counts as a pass. */
export type Status = "pass" | "fail" | "warn" | "skip" | "unknown";
export type Verdict = "allow" | "deny" | "unknown";
export type InputName = "token" | "jwks" | "manifests" | "trust" | "cluster";

/** A place in a pasted input. */
export interface Span {
  input: InputName;
  /** Which trust document, or which YAML document of the manifests. */
  index?: number;
  /** UTF-16 offsets into the text as pasted: `text.slice(start, end)`. */
  start: number;
  end: number;
  /** Of `start`, both from 1. */
  line: number;
  column: number;
  /** JSON pointer within the document, wrappers included. */
  pointer?: string;
}

/** One thing that was judged. Checks stand in the order in which the real system judges. */
export interface Check {
  /** Stable: `token/exp`, `keys/...`, `manifests/...`, `<system>/<stage>[/<detail>]`. */
  id: string;
  status: Status;
  title: string;
  expected?: Json;
  actual?: Json;
  span?: Span;
  /** What to do. */
  hint?: string;
  /** The rule that specifies the behaviour. */
  rule?: string;
  /** A public page. */
  docs?: string;
}

/** What the real system would print. */
export interface ProviderError {
  /** The system's own code or reason (`AccessDenied`, `Forbidden`); empty where it names none. */
  code: string;
  message: string;
  httpStatus?: number;
  /** `likely`: inferred, or sources conflict. */
  certainty: "known" | "likely";
  /** The same refusal in other years or moods. */
  alternatives?: { code?: string; message?: string; when: string }[];
}

/** An edit that turns a failing check green. It was tried before it was offered. */
export interface Fix {
  id: string;
  title: string;
  check: string;
  input: InputName;
  index?: number;
  edits: TextEdit[];
  verdictAfter?: Verdict;
  /** The command that applies the edited input to the real system. */
  command?: string;
}
export interface TextEdit { start: number; end: number; text: string }

/** `error`: refused, or cannot work as meant. `security`: works, and lets in more than meant. */
export type Severity = "error" | "security" | "warning" | "info";

/** A lint: it holds whatever the verdict is. */
export interface Finding {
  code: string;
  severity: Severity;
  title: string;
  detail: string;
  span?: Span;
  rule?: string;
  fixes?: Fix[];
}

// ---------------------------------------------------------------- cluster

/** What the API server knows and does. Absent: its defaults. */
export interface Cluster {
  /** --service-account-issuer, in flag order. */
  issuers?: string[];
  /** --api-audiences; default: the issuers. */
  apiAudiences?: string[];
  maxTokenExpiration?: number;
  extendTokenExpiration?: boolean;
  serviceAccountLookup?: boolean;
  /** Of these two only the presence counts. */
  keyFiles?: string[];
  signingKeyFile?: string;
  externalSigner?: ExternalSigner;
  jwksUri?: string;
  externalAddress?: string;
  disableAdmissionPlugins?: string[];
  /** "1.36"; default: the newest modelled. */
  kubernetesVersion?: string;
  /** Manifests of live objects. */
  objects?: string;
  /** What is neither there nor in the pasted manifests does not exist; default: unknown. */
  objectsComplete?: boolean;
  /** Of manifests that name none; default "default". */
  namespace?: string;
  /** Absent: on if the manifests call for it. */
  webhooks?: { eks?: EksWebhook | false; azure?: AzureWebhook | false };
  gke?: {
    projectId?: string;
    projectNumber?: string;
    metadataMode?: "GKE_METADATA" | "GCE_METADATA";
    nodeServiceAccount?: string;
  };
}

/** What an external signer (ExternalJWTSigner) answers. */
export interface ExternalSigner {
  maxTokenExpiration: number;
  header?: { alg: string; kid: string; typ: string };
  excludedKids?: string[];
}

/** Flags of amazon-eks-pod-identity-webhook. */
export interface EksWebhook {
  version?: string;
  annotationPrefix?: string;
  defaultAudience?: string;
  defaultRegion?: string;
  defaultTokenExpiration?: number;
  mountPath?: string;
  regionalStsEndpoints?: boolean;
  composeRoleArn?: { partition: string; accountId: string };
  configMap?: {
    [namespaceSlashName: string]: {
      RoleARN: string;
      Audience?: string;
      UseRegionalSTS?: boolean;
      TokenExpiration?: number;
    };
  };
  containerCredentials?: {
    identities: { namespace: string; serviceAccount: string }[];
    fullUri?: string;
    audience?: string;
    mountPath?: string;
    volumeName?: string;
    tokenPath?: string;
    expirationJitter?: number;
  };
}

/** Settings of azure-workload-identity's webhook. */
export interface AzureWebhook {
  version?: string;
  tenantId?: string;
  environment?: string;
  audience?: string;
  logLevel?: string;
  proxyImage?: string;
  proxyInitImage?: string;
  nativeSidecar?: boolean;
  customTokenEndpoint?: {
    annotationSuffix: string;
    audience: string;
    tokenProxy?: string;
    sniName?: string;
    caData?: string;
    caConfigMapName?: string;
    caClusterTrustBundleSigner?: string;
  };
}
