//! What IAM says when it does not save a policy, and in which order it looks.
//!
//! The texts of `FEDERATED`, `prohibited` and `PRINCIPAL` are quoted by users; the others come from tools that
//! were compared with IAM (moto's validator of policies), or follow from the grammar.

use std::borrow::Cow;

use super::{Place, Refusal};
use crate::trace::Certainty;

/// Most characters of a trust policy, white space aside, on the highest quota AWS grants (A25).
pub(super) const MAX_POLICY: usize = 4096;

/// A text of IAM's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    code: &'static str,
    message: &'static str,
    alternative: Option<&'static str>,
    is_known: bool,
    /// What IAM looks at first is what it names.
    pub(super) order: u8,
}

impl Said {
    pub(super) fn refusal(
        self,
        rule: &'static str,
        title: String,
        hint: &'static str,
        place: Place,
    ) -> Refusal {
        Refusal {
            code: self.code,
            message: Cow::Borrowed(self.message),
            alternative: self.alternative,
            certainty: if self.is_known { Certainty::Known } else { Certainty::Likely },
            title,
            hint,
            place,
            rule,
        }
    }
}

const fn malformed(message: &'static str, order: u8) -> Said {
    Said { code: "MalformedPolicyDocument", message, alternative: None, is_known: false, order }
}

const SYNTAX_TEXT: &str = "Syntax errors in policy.";

/// JSON that is no policy.
pub(super) const SYNTAX: Said = malformed(SYNTAX_TEXT, 0);
/// A74.
pub(super) const OPERATOR: Said = malformed(SYNTAX_TEXT, 0);
/// A51: `allow`.
pub(super) const EFFECT: Said =
    Said { alternative: Some(SYNTAX_TEXT), ..malformed("The policy failed legacy parsing", 1) };
/// A51.
pub(super) const SID_CHARACTERS: Said = malformed(
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    2,
);
/// A51.
pub(super) const SIDS: Said =
    malformed("Statement IDs (SID) in a single policy must be unique.", 2);
/// A57.
pub(super) const ACTIONS: Said = Said {
    alternative: Some("Missing required field Action"),
    ..malformed("Policy statement must contain actions.", 3)
};
/// A57.
pub(super) const VENDOR: Said =
    malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", 4);
/// A57.
pub(super) const COLONS: Said = malformed("Actions/Condition can contain only one colon.", 4);
/// A54.
pub(super) const PRINCIPAL: Said =
    Said { is_known: true, ..malformed("Missing required field Principal", 5) };
/// A54.
pub(super) const NO_PRINCIPAL: Said = malformed(
    "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!",
    5,
);
/// A110.
pub(super) const FEDERATED: Said = Said {
    is_known: true,
    ..malformed("Federated principals must be valid domain names or SAML metadata ARNs", 6)
};

/// A111: who is named follows.
pub(super) const SHARED: Said = Said { is_known: true, ..malformed("", 6) };

/// A52.
pub(super) const fn prohibited(name: &str) -> Said {
    match name.as_bytes() {
        b"Resource" => Said { is_known: true, ..malformed("Has prohibited field Resource", 5) },
        b"NotResource" => malformed("Has prohibited field NotResource", 5),
        _ => malformed("Has prohibited field NotPrincipal", 5),
    }
}

/// A25.
pub(super) const QUOTA: Said =
    Said { code: "LimitExceeded", ..malformed("Cannot exceed quota for ACLSizePerRole: 4096", 7) };
