//! IAM OIDC providers: their ARNs (A21), and which of them STS asks (A20, A24).

use std::borrow::Cow;

use super::policy::{Item, Policy};
use crate::federation::{AwsFacts, OidcProvider};

/// `arn:<partition>:iam::<account>:oidc-provider/<URL without https://>` (A21).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProviderArn<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    /// Host and path.
    pub(super) url: &'a str,
}

impl<'a> ProviderArn<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let (partition, account, name) = iam_arn(arn)?;
        let url = name.strip_prefix("oidc-provider/").filter(|url| !url.is_empty())?;
        Some(Self { partition, account, url })
    }

    /// The issuer that it stands for.
    pub(super) fn issuer(self) -> String {
        format!("https://{}", self.url)
    }
}

/// `arn:<partition>:iam::<account>:role/<path and name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoleArn<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    /// Without its path: the assumed role's ARN has none.
    pub(super) name: &'a str,
}

impl<'a> RoleArn<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let (partition, account, name) = iam_arn(arn)?;
        let path = name.strip_prefix("role/")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        path.bytes().all(fits).then_some(Self { partition, account, name })
    }
}

/// Partition, account and resource of an IAM ARN.
fn iam_arn(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let fixed = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let ("arn", partition, "iam", "") = fixed else { return None };
    let account = parts.next()?;
    let resource = parts.next()?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (digits && partition.starts_with("aws")).then_some((partition, account, resource))
}

/// The OIDC providers that a policy names, in its order.
pub(super) fn named(policy: &Policy) -> Vec<&Item> {
    let mut named: Vec<&Item> = Vec::new();
    for principal in policy.statements.iter().flat_map(|statement| &statement.principals) {
        let is_oidc =
            principal.kind == "Federated" && ProviderArn::parse(&principal.value.text).is_some();
        if is_oidc && !named.iter().any(|item| item.text == principal.value.text) {
            named.push(&principal.value);
        }
    }
    named
}

/// The account in which STS looks for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) partition: String,
    pub(super) id: String,
}

impl From<RoleArn<'_>> for Account {
    fn from(role: RoleArn<'_>) -> Self {
        Self { partition: role.partition.to_owned(), id: role.account.to_owned() }
    }
}

impl Account {
    /// A20: that of the role; without one, that of the provider that the policy names, before all the
    /// one for this issuer; without any, that of the only account with a provider.
    pub(super) fn of(
        role: Option<&str>,
        policy: &Policy,
        facts: &AwsFacts,
        issuer: Option<&str>,
    ) -> Option<Self> {
        let owned =
            |partition: &str, id: &str| Self { partition: partition.to_owned(), id: id.to_owned() };
        if let Some(role) = role {
            let role = RoleArn::parse(role)?;
            return Some(owned(role.partition, role.account));
        }
        let arns: Vec<ProviderArn<'_>> =
            named(policy).iter().filter_map(|item| ProviderArn::parse(&item.text)).collect();
        let listed =
            facts.providers.iter().flatten().filter_map(|one| ProviderArn::parse(&one.arn));
        let fits = |arn: &&ProviderArn<'_>| Some(arn.issuer().as_str()) == issuer;
        arns.iter()
            .find(fits)
            .or_else(|| arns.first())
            .copied()
            .or_else(|| listed.take(1).next())
            .map(|arn| owned(arn.partition, arn.account))
    }

    /// The ARN that a provider for this issuer has here (A21).
    pub(super) fn provider_arn(&self, issuer: &str) -> String {
        let url = issuer.strip_prefix("https://").unwrap_or(issuer);
        format!("arn:{}:iam::{}:oidc-provider/{url}", self.partition, self.id)
    }
}

/// The providers that exist in an account.
#[derive(Debug)]
pub(super) enum Providers<'a> {
    /// As the facts list them.
    Listed(Vec<&'a OidcProvider>),
    /// Not told: those that the policy names, each listing the token's audience.
    Assumed(Vec<&'a str>),
}

impl<'a> Providers<'a> {
    pub(super) fn of(facts: &'a AwsFacts, policy: &'a Policy, account: Option<&Account>) -> Self {
        let here = |arn: &str| match (ProviderArn::parse(arn), account) {
            (Some(arn), Some(account)) => {
                arn.account == account.id && arn.partition == account.partition
            }
            _ => false,
        };
        match &facts.providers {
            Some(listed) => Self::Listed(listed.iter().filter(|one| here(&one.arn)).collect()),
            None => Self::Assumed(
                named(policy)
                    .iter()
                    .map(|item| item.text.as_str())
                    .filter(|arn| here(arn))
                    .collect(),
            ),
        }
    }

    /// Their issuers, for a reader.
    pub(super) fn issuers(&self) -> Vec<String> {
        let arns: Vec<&str> = match self {
            Self::Listed(listed) => listed.iter().map(|one| one.arn.as_str()).collect(),
            Self::Assumed(arns) => arns.clone(),
        };
        arns.into_iter()
            .filter_map(|arn| ProviderArn::parse(arn).map(ProviderArn::issuer))
            .collect()
    }

    /// A20, A22: the one whose URL is the issuer, to the letter, trailing slash included.
    pub(super) fn for_issuer(&self, issuer: &str) -> Option<Cow<'a, OidcProvider>> {
        let fits = |arn: &str| ProviderArn::parse(arn).is_some_and(|arn| arn.issuer() == issuer);
        match self {
            Self::Listed(listed) => {
                listed.iter().find(|one| fits(&one.arn)).map(|one| Cow::Borrowed(*one))
            }
            Self::Assumed(arns) => arns.iter().find(|arn| fits(arn)).map(|arn| {
                Cow::Owned(OidcProvider {
                    arn: (*arn).to_owned(),
                    client_id_list: Vec::new(),
                    thumbprint_list: None,
                })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        let provider =
            ProviderArn::parse("arn:aws-cn:iam::111122223333:oidc-provider/h.example/id/A:8/")
                .unwrap();
        assert_eq!(
            (provider.partition, provider.account, provider.url),
            ("aws-cn", "111122223333", "h.example/id/A:8/")
        );
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/path/app").unwrap();
        assert_eq!(role.name, "app");
        let table = [
            "arn:aws:iam::11112222333:oidc-provider/h",
            "arn:aws:iam::111122223333:oidc-provider/",
            "arn:aws:iam::111122223333:saml-provider/h",
            "arn:aws:iam:eu-west-1:111122223333:oidc-provider/h",
            "arn:gcp:iam::111122223333:oidc-provider/h",
            "https://h",
            "",
        ];
        for arn in table {
            assert_eq!(ProviderArn::parse(arn), None, "{arn}");
        }
        for arn in [
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a\\b",
            "arn:aws:iam::111122223333:user/a",
        ] {
            assert_eq!(RoleArn::parse(arn), None, "{arn}");
        }
    }
}
