//! The same pod at three clouds: what each wants, filled with the user's own values. Pure.
//!
//! The values are those of the rules: A120 to A136 (EKS), Z2 to Z18 and Z27 to Z31 (AKS), G1 to G12 (GKE).

use podpass::{PodReport, Report};

/// The columns.
pub(crate) const CLOUDS: [&str; 3] = ["AWS · EKS", "Azure · AKS", "Google · GKE"];

/// Audiences by which a token is known to be for a cloud; GKE's never is a file.
const AUDIENCES: [&str; 2] = ["sts.amazonaws.com", "api://AzureADTokenExchange"];

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Literal text, as it is typed or seen.
    pub(crate) literal: bool,
    pub(crate) cells: [String; 3],
}

/// The names that the table is filled with; what is not known stays a word in capitals.
struct Names {
    namespace: String,
    account: String,
    issuer: String,
}

impl Names {
    fn of(report: &Report) -> Self {
        let token = report.token.as_ref();
        let of_token = token.and_then(|token| token.service_account.as_ref());
        let of_pod = report.pods.first().map(|pod| &pod.service_account);
        let namespace = of_token.map(|a| &a.namespace).or(of_pod.map(|a| &a.namespace));
        let account = of_token.map(|a| &a.name).or(of_pod.map(|a| &a.name));
        let issuer = token.and_then(|token| token.issuer.as_ref());
        let known = |name: Option<&String>, unknown: &str| {
            name.cloned().unwrap_or_else(|| unknown.to_owned())
        };
        Self {
            namespace: known(namespace, "NAMESPACE"),
            account: known(account, "SERVICEACCOUNT"),
            issuer: known(issuer, "https://ISSUER"),
        }
    }

    fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.account)
    }

    /// As IAM writes it: without scheme.
    fn host(&self) -> &str {
        self.issuer.strip_prefix("https://").unwrap_or(&self.issuer)
    }
}

/// Whether there is anything to fill the table with.
pub(crate) fn is_of_use(report: &Report) -> bool {
    let account = report.token.as_ref().and_then(|token| token.service_account.as_ref());
    account.is_some() || !report.pods.is_empty()
}

/// Whether a pod already has what the cloud of this column wants.
pub(crate) fn present(report: &Report) -> [bool; 3] {
    let has = |cloud: usize| {
        let audience = AUDIENCES.get(cloud);
        let mut tokens = report.pods.iter().flat_map(|pod| &pod.tokens);
        let in_pod = tokens.any(|token| token.audience.as_deref() == audience.copied());
        let in_token = report.token.as_ref().is_some_and(|token| {
            token.audiences.iter().any(|one| Some(one.as_str()) == audience.copied())
        });
        audience.is_some() && (in_pod || in_token)
    };
    [has(0), has(1), false]
}

/// The table.
pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let names = Names::of(report);
    let (namespace, account) = (&names.namespace, &names.account);
    let words =
        |name, cells: [&str; 3]| Row { name, literal: false, cells: cells.map(str::to_owned) };
    let literal = |name, cells| Row { name, literal: true, cells };
    vec![
        words("What trusts", [
            "an IAM OIDC provider for the cluster's issuer, and the role's trust policy",
            "a federated identity credential on an application or a managed identity",
            "the project's workload identity pool, and allow policies that name the principal",
        ]),
        literal("Subject it sees", [
            names.subject(),
            names.subject(),
            format!("ns/{namespace}/sa/{account}"),
        ]),
        literal("Issuer as it is written", [
            names.host().to_owned(),
            names.issuer.clone(),
            "https://container.googleapis.com/v1/projects/PROJECT_ID/locations/LOCATION/clusters/CLUSTER".to_owned(),
        ]),
        literal("Audience", [
            "sts.amazonaws.com".to_owned(),
            "api://AzureADTokenExchange".to_owned(),
            "PROJECT_ID.svc.id.goog".to_owned(),
        ]),
        literal("Annotation of the ServiceAccount", [
            "eks.amazonaws.com/role-arn: arn:aws:iam::ACCOUNT_ID:role/ROLE".to_owned(),
            "azure.workload.identity/client-id: CLIENT_ID".to_owned(),
            "iam.gke.io/gcp-service-account: NAME@PROJECT_ID.iam.gserviceaccount.com (none for direct access)".to_owned(),
        ]),
        literal("Label of the pod", [
            "none".to_owned(),
            "azure.workload.identity/use: \"true\"".to_owned(),
            "none".to_owned(),
        ]),
        words("Who injects", [
            "EKS Pod Identity webhook, because of the annotation",
            "azure-workload-identity's webhook, because of the label",
            "nobody: the node's metadata server answers for the pod",
        ]),
        literal("Token file", [
            "/var/run/secrets/eks.amazonaws.com/serviceaccount/token".to_owned(),
            "/var/run/secrets/azure/wi/token/azure-identity-token (1.6), /var/run/secrets/azure/tokens/azure-identity-token (1.5)".to_owned(),
            "none in the pod".to_owned(),
        ]),
        literal("Environment", [
            "AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
            "AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE, AZURE_AUTHORITY_HOST".to_owned(),
            "none".to_owned(),
        ]),
        words("Life of the token, if nothing is said", [
            "86 400 s",
            "3 600 s",
            "kept by the metadata server",
        ]),
        words("Exchange", [
            "sts:AssumeRoleWithWebIdentity",
            "client_assertion at the tenant's token endpoint",
            "the metadata server, at sts.googleapis.com",
        ]),
        literal("To set it up", [
            format!("eksctl create iamserviceaccount --cluster CLUSTER --namespace {namespace} --name {account} --attach-policy-arn POLICY_ARN --override-existing-serviceaccounts --approve"),
            format!("az identity federated-credential create --name {account} --identity-name IDENTITY --resource-group GROUP --issuer {} --subject {} --audiences api://AzureADTokenExchange", names.issuer, names.subject()),
            format!("gcloud iam service-accounts add-iam-policy-binding NAME@PROJECT_ID.iam.gserviceaccount.com --role roles/iam.workloadIdentityUser --member \"serviceAccount:PROJECT_ID.svc.id.goog[{namespace}/{account}]\""),
        ]),
    ]
}

/// Whose pod the table is filled with.
pub(crate) fn whose(report: &Report) -> String {
    let pod = report.pods.first().map(|pod: &PodReport| &pod.workload);
    let names = Names::of(report);
    match pod {
        Some(workload) => format!("{} {}", workload.kind, workload.name),
        None => format!("{}/{}", names.namespace, names.account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use podpass::{ExplainInput, explain};

    #[test]
    fn the_table_has_the_users_own_names() {
        let manifests = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {serviceAccountName: web, containers: [{name: app}]}\n";
        let input = ExplainInput { manifests: Some(manifests.into()), ..ExplainInput::default() };
        let report = explain(&input);
        assert!(is_of_use(&report));
        let rows = rows(&report);
        let subject = rows.iter().find(|row| row.name == "Subject it sees").unwrap();
        assert_eq!(subject.cells[0], "system:serviceaccount:shop:web");
        assert_eq!(subject.cells[2], "ns/shop/sa/web");
        assert_eq!(present(&report), [false; 3]);
        assert!(!is_of_use(&explain(&ExplainInput::default())));
    }

    #[test]
    fn a_pod_that_is_ready_for_a_cloud_is_marked() {
        let manifests = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, annotations: {eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/a\"}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {serviceAccountName: web, containers: [{name: app}]}\n";
        let input = ExplainInput { manifests: Some(manifests.into()), ..ExplainInput::default() };
        assert_eq!(present(&explain(&input)), [true, false, false]);
    }
}
