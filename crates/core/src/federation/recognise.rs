//! Which system a trust document belongs to, from the document alone.

use super::{System, TrustDocument};
use crate::document::{Data, Node, parse_document};

/// The system that the document names itself, else the one that is recognised.
pub(crate) fn system_of(document: &TrustDocument) -> Option<System> {
    document.system().or_else(|| recognise(document.text()))
}

fn recognise(text: &str) -> Option<System> {
    match parse_document(text) {
        // Terraform around JSON reads as one YAML text.
        Ok(node) if !node.is_object() && text.contains("sts:AssumeRole") => Some(System::AwsIrsa),
        Ok(node) => recognise_node(&node),
        // A broken document is still somebody's: these words stand in no other vendor's.
        Err(_) if text.contains("\"Statement\"") || text.contains("sts:AssumeRole") => {
            Some(System::AwsIrsa)
        }
        Err(_) => None,
    }
}

fn recognise_node(node: &Node) -> Option<System> {
    if let Data::Array(elements) = &node.data {
        return elements
            .first()
            .filter(|first| is_federated_credential(first))
            .map(|_| System::Azure);
    }
    let has = |name: &str| node.get(name).is_some();
    if let Some(policy) = role_policy(node) {
        return Some(aws(policy));
    }
    if has("Statement") {
        return Some(aws(node));
    }
    match node.get("kind").and_then(Node::as_str) {
        Some("TokenReview") => return Some(System::Kubernetes),
        Some("AuthenticationConfiguration") => return Some(System::KubernetesJwt),
        _ => {}
    }
    let vault = node.get("data").unwrap_or(node);
    let vault_has = |name: &str| vault.get(name).is_some();
    let first_value = node.get("value").and_then(|value| value.elements().first());
    match () {
        () if is_federated_credential(node) || first_value.is_some_and(is_federated_credential) => {
            Some(System::Azure)
        }
        () if has("attributeMapping") || node.at(&["oidc", "issuerUri"]).is_some() => {
            Some(System::GcpWif)
        }
        () if has("bindings") => Some(System::Gke),
        () if vault_has("bound_service_account_names") => Some(System::VaultKubernetes),
        () if vault_has("user_claim") || vault_has("bound_audiences") || vault_has("role_type") => {
            Some(System::VaultJwt)
        }
        () if ["OIDCIssuers", "MetaIssuers", "oidc-issuers", "meta-issuers"]
            .into_iter()
            .any(has) =>
        {
            Some(System::Fulcio)
        }
        () if has("issuer") && has("audience") => Some(System::Oidc),
        () => None,
    }
}

/// The trust policy in a role: of `aws iam get-role` and `list-roles`, CloudFormation, Terraform's state.
fn role_policy(node: &Node) -> Option<&Node> {
    let policy = |role: &'_ Node| {
        role.get("AssumeRolePolicyDocument").or_else(|| role.get("assume_role_policy")).is_some()
    };
    let listed = node.get("Roles").and_then(|roles| roles.elements().first());
    let resources = node.get("Resources").map(Node::members).unwrap_or_default();
    let of_template = resources.iter().filter_map(|member| member.value.get("Properties"));
    [Some(node), node.get("Role"), node.get("Properties"), node.get("values"), listed]
        .into_iter()
        .flatten()
        .chain(of_template)
        .find(|role| policy(role))
        .and_then(|role| {
            role.get("AssumeRolePolicyDocument").or_else(|| role.get("assume_role_policy"))
        })
}

/// Entra: `issuer`, `audiences`, and a subject or a flexible expression.
fn is_federated_credential(node: &Node) -> bool {
    let has = |name: &str| node.get(name).is_some();
    has("issuer") && has("audiences") && (has("subject") || has("claimsMatchingExpression"))
}

/// A trust policy whose only principals are the service `pods.eks.amazonaws.com` is EKS Pod Identity's.
fn aws(policy: &Node) -> System {
    let statements = policy.get("Statement").map(|statement| match &statement.data {
        Data::Array(many) => many.as_slice(),
        _ => std::slice::from_ref(statement),
    });
    let principals: Vec<&Node> = statements
        .unwrap_or_default()
        .iter()
        .filter_map(|statement| statement.get("Principal"))
        .collect();
    let is_pods = |principal: &&Node| {
        principal.get("Federated").is_none()
            && principal.get("Service").is_some_and(|service| {
                let one = std::slice::from_ref(service);
                let names = if service.elements().is_empty() { one } else { service.elements() };
                names.iter().any(|name| name.as_str() == Some("pods.eks.amazonaws.com"))
            })
    };
    if !principals.is_empty() && principals.iter().all(is_pods) {
        System::AwsPodIdentity
    } else {
        System::AwsIrsa
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_document_alone() {
        let table = [
            (r#"{"Statement":[]}"#, Some(System::AwsIrsa)),
            (
                r#"{"Statement":{"Principal":{"Service":"pods.eks.amazonaws.com"}}}"#,
                Some(System::AwsPodIdentity),
            ),
            (r#"{"Role":{"AssumeRolePolicyDocument":"%7B%7D"}}"#, Some(System::AwsIrsa)),
            (r#"{"Statement":[{"Effect":"Allow",}]}"#, Some(System::AwsIrsa)),
            (r#"{"Roles":[{"AssumeRolePolicyDocument":{}}]}"#, Some(System::AwsIrsa)),
            (
                r#"{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":{}}}"#,
                Some(System::AwsIrsa),
            ),
            (
                r#"{"Resources":{"A":{},"B":{"Properties":{"AssumeRolePolicyDocument":{"Statement":{"Principal":{"Service":"pods.eks.amazonaws.com"}}}}}}}"#,
                Some(System::AwsPodIdentity),
            ),
            (r#"{"assume_role_policy":"{}"}"#, Some(System::AwsIrsa)),
            (
                "assume_role_policy = jsonencode({\"Statement\": [{\"Action\": \"sts:AssumeRole\"}]})",
                Some(System::AwsIrsa),
            ),
            (r#"{"value":[{"issuer":"i","subject":"s","audiences":[]}]}"#, Some(System::Azure)),
            ("bindings: []\n", Some(System::Gke)),
            ("attributeMapping: {}\n", Some(System::GcpWif)),
            (r#"{"data":{"bound_service_account_names":[]}}"#, Some(System::VaultKubernetes)),
            (r#"{"user_claim":"sub"}"#, Some(System::VaultJwt)),
            ("kind: TokenReview\n", Some(System::Kubernetes)),
            ("kind: AuthenticationConfiguration\n", Some(System::KubernetesJwt)),
            ("meta-issuers: {}\n", Some(System::Fulcio)),
            ("issuer: i\naudience: a\n", Some(System::Oidc)),
            ("", None),
            ("hello", None),
        ];
        for (text, system) in table {
            assert_eq!(recognise(text), system, "{text}");
        }
    }
}
