// Every marked line, and no other, must be refused by the compiler.
import { checkServiceAccountToken, decodeToken, explain, kubeletRefresh, rotationTimeline, verifyServiceAccountToken } from "podpass";
import { createVerifier } from "podpass/jwks";
import { createVerifier as createNodeVerifier, tokenReviewer } from "podpass/node";
import { createTestCluster } from "podpass/testing";

decodeToken(1); // error
decodeToken("").claims.sub; // error
explain({ tokens: "" }); // error
explain({ trust: [{ system: "aws-irsa", text: "", facts: { association: null } }] }); // error
kubeletRefresh({ expirationSeconds: 3600 }); // error
rotationTimeline({ scenario: { reader: "sometimes" } }); // error
verifyServiceAccountToken("", "", { issuer: "i" }); // error
verifyServiceAccountToken("", "", { issuer: undefined, audience: "a" }); // error
checkServiceAccountToken("", "", { issuer: null, audience: null }).verdict; // error
createTestCluster({ algorithm: "HS256" }); // error
createVerifier({ issuers: [{ issuer: "i", jwksUri: "https://x" }] }); // error
createVerifier({ issuers: ["in-cluster"] }); // error
createVerifier({ issuers: [], crypto: "host" }); // error
createNodeVerifier({ issuers: [{ issuer: "i", audience: undefined, discovery: true }] }); // error
tokenReviewer({ cache: true }); // error
