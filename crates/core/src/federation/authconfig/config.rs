//! An authenticator of the file, its expressions compiled.

use super::schema::At;
use crate::cel::{CompileError, Dialect, Program, Type, Variable};

/// One element of `jwt`.
#[derive(Debug)]
pub(super) struct Authenticator<'a> {
    pub(super) at: At<'a>,
    pub(super) issuer: &'a str,
    pub(super) audiences: Vec<&'a str>,
    pub(super) username: Mapping<'a>,
    pub(super) groups: Mapping<'a>,
    pub(super) uid: Mapping<'a>,
    /// Keys and expressions.
    pub(super) extra: Vec<(&'a str, Rule<'a>)>,
    /// Names and values of `claim` rules.
    pub(super) required: Vec<(At<'a>, &'a str, &'a str)>,
    pub(super) claim_rules: Vec<Rule<'a>>,
    pub(super) user_rules: Vec<Rule<'a>>,
}

/// Where a part of the user comes from.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    pub(super) at: At<'a>,
    pub(super) claim: &'a str,
    pub(super) prefix: &'a str,
    pub(super) program: Option<Program>,
}

/// An expression with its message.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    pub(super) at: At<'a>,
    pub(super) program: Program,
    pub(super) message: &'a str,
}

/// Compiles an expression over `claims`.
pub(super) fn over_claims(text: &str) -> Result<Program, CompileError> {
    let type_ = Type::Map(Box::new(Type::String), Box::new(Type::Any));
    Program::compile(text, Dialect::Kubernetes, &[Variable { name: "claims", type_ }])
}

/// Compiles an expression over `user`.
pub(super) fn over_user(text: &str) -> Result<Program, CompileError> {
    let type_ = Type::Struct("kubernetes.UserInfo");
    Program::compile(text, Dialect::Kubernetes, &[Variable { name: "user", type_ }])
}

impl<'a> Authenticator<'a> {
    /// Of a document that was validated: what does not compile is not there.
    pub(super) fn read(at: At<'a>) -> Self {
        let issuer = at.child("issuer");
        let mappings = at.child("claimMappings");
        let rules = at.child("claimValidationRules").elements();
        let required = rules
            .iter()
            .filter(|rule| !rule.child("claim").text().is_empty())
            .map(|rule| {
                (rule.clone(), rule.child("claim").text(), rule.child("requiredValue").text())
            })
            .collect();
        let extra = mappings
            .child("extra")
            .elements()
            .into_iter()
            .filter_map(|one| {
                Some((one.child("key").text(), Rule::read(one, "valueExpression", over_claims)?))
            })
            .collect();
        let compiled = |name: &str, compile: fn(&str) -> Result<Program, CompileError>| {
            let elements = at.child(name).elements().into_iter();
            elements.filter_map(|one| Rule::read(one, "expression", compile)).collect()
        };
        Self {
            issuer: issuer.child("url").text(),
            audiences: issuer.child("audiences").elements().iter().map(At::text).collect(),
            username: Mapping::read(mappings.child("username")),
            groups: Mapping::read(mappings.child("groups")),
            uid: Mapping::read(mappings.child("uid")),
            extra,
            required,
            claim_rules: compiled("claimValidationRules", over_claims),
            user_rules: compiled("userValidationRules", over_user),
            at,
        }
    }
}

impl<'a> Mapping<'a> {
    fn read(at: At<'a>) -> Self {
        let expression = at.child("expression").text();
        Self {
            claim: at.child("claim").text(),
            prefix: at.child("prefix").text(),
            program: Some(expression)
                .filter(|text| !text.is_empty())
                .and_then(|text| over_claims(text).ok()),
            at,
        }
    }
}

impl<'a> Rule<'a> {
    fn read(
        at: At<'a>,
        name: &str,
        compile: fn(&str) -> Result<Program, CompileError>,
    ) -> Option<Self> {
        let text = at.child(name).text();
        let program = compile(text).ok().filter(|_| !text.is_empty())?;
        Some(Self { message: at.child("message").text(), at, program })
    }
}
