//! Members of bindings, and the callers that they match: exactly, by case, without wildcards (G3, G6, G28).

/// Whether a member is the caller. `Unknown`: only the project's number is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Unknown,
    Yes,
}

/// Somebody who asks for access.
#[derive(Debug, Clone)]
pub(super) enum Caller<'a> {
    /// A service account by its email.
    Account(&'a str),
    /// An identity of a pool.
    Federated(Federated),
}

/// An identity of a pool: what members may say after the pool's name.
#[derive(Debug, Clone, Default)]
pub(super) struct Federated {
    /// `None`: not told.
    pub(super) number: Option<String>,
    pub(super) pool: String,
    /// After `principal://.../`.
    pub(super) principals: Vec<String>,
    /// After `principalSet://.../`.
    pub(super) sets: Vec<String>,
    /// `serviceAccount:P.svc.id.goog[NS/KSA]`.
    pub(super) legacy: Option<String>,
}

impl Federated {
    /// `principal` or `principalSet` of this pool.
    pub(super) fn member(&self, kind: &str, rest: &str) -> String {
        let number = self.number.as_deref().unwrap_or("PROJECT_NUMBER");
        format!(
            "{kind}://iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{}/{rest}",
            self.pool
        )
    }

    /// The principal by its subject.
    pub(super) fn principal(&self) -> String {
        self.member("principal", self.principals.first().map_or("", String::as_str))
    }

    /// The member to bind: GKE's legacy form where the project's number is not told.
    pub(super) fn to_bind(&self) -> String {
        match (&self.number, &self.legacy) {
            (None, Some(legacy)) => legacy.clone(),
            _ => self.principal(),
        }
    }
}

/// A member of the form `kind://iam.googleapis.com/projects/N/.../workloadIdentityPools/POOL/REST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolMember<'a> {
    pub(super) set: bool,
    pub(super) project: &'a str,
    pub(super) pool: &'a str,
    pub(super) rest: &'a str,
}

impl<'a> PoolMember<'a> {
    pub(super) fn parse(member: &'a str) -> Option<Self> {
        let (kind, rest) = member.split_once("://iam.googleapis.com/projects/")?;
        let set = match kind {
            "principal" => false,
            "principalSet" => true,
            _ => return None,
        };
        let (project, rest) = rest.split_once("/locations/global/workloadIdentityPools/")?;
        let (pool, rest) = rest.split_once('/')?;
        Some(Self { set, project, pool, rest })
    }
}

impl Caller<'_> {
    /// G6: what starts with `deleted:` never matches.
    pub(super) fn matches(&self, member: &str) -> Match {
        let yes = |good: bool| if good { Match::Yes } else { Match::No };
        if member == "allUsers" {
            return Match::Yes;
        }
        let federated = match self {
            Self::Account(email) => {
                return yes(member == "allAuthenticatedUsers"
                    || member.strip_prefix("serviceAccount:") == Some(email));
            }
            Self::Federated(federated) => federated,
        };
        if federated.legacy.as_deref() == Some(member) {
            return Match::Yes;
        }
        let Some(parsed) = PoolMember::parse(member) else { return Match::No };
        let known = if parsed.set { &federated.sets } else { &federated.principals };
        if parsed.pool != federated.pool || !known.iter().any(|known| known == parsed.rest) {
            return Match::No;
        }
        match &federated.number {
            Some(number) => yes(number == parsed.project),
            None => Match::Unknown,
        }
    }
}
