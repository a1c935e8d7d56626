//! A provider as `gcloud iam workload-identity-pools providers describe` prints it, and what Google would not store
//! (G19 to G23).

use std::ops::Range;

use crate::cel::{CompileError, Dialect, Program, Type, Variable};
use crate::document::{Node, Text, parse_document};
use crate::trace::Span;

/// A provider of the OIDC kind.
#[derive(Debug)]
pub(super) struct Provider {
    /// `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub(super) name: Option<Name>,
    pub(super) issuer: Item,
    pub(super) audiences: Vec<Item>,
    pub(super) jwks: Option<Item>,
    pub(super) mapping: Vec<Mapping>,
    pub(super) condition: Option<Expression>,
    /// Disabled or deleted.
    pub(super) inactive: bool,
}

/// A text, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    pub(super) pointer: String,
}

impl Item {
    pub(super) fn span(&self, text: &Text<'_>) -> Span {
        text.span(&self.range, Some(&self.pointer))
    }
}

/// The parts of a provider's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) whole: String,
    pub(super) project: String,
    pub(super) pool: String,
}

/// An attribute and its expression.
#[derive(Debug)]
pub(super) struct Mapping {
    /// `google.subject`, `attribute.x`.
    pub(super) attribute: String,
    pub(super) expression: Expression,
}

/// An expression, compiled if it does.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) at: Item,
    pub(super) program: Result<Program, CompileError>,
}

/// What Google would not store, and where.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) rule: &'static str,
    pub(super) span: Option<Span>,
}

impl Name {
    /// G19: the number of the project, ids of up to 32 characters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("projects/")?;
        let (project, rest) = rest.split_once("/locations/global/workloadIdentityPools/")?;
        let (pool, provider) = rest.split_once("/providers/")?;
        let digits = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
        (digits && is_id(pool) && is_id(provider)).then(|| Self {
            whole: text.to_owned(),
            project: project.to_owned(),
            pool: pool.to_owned(),
        })
    }
}

/// Four characters at least, says the documentation; a provider that was printed exists, whatever its pool is called.
fn is_id(id: &str) -> bool {
    (1..=32).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// `assertion` alone, or with what was mapped.
fn expression(at: Item, condition: bool) -> Expression {
    let variable =
        |name| Variable { name, type_: Type::Map(Box::new(Type::String), Box::new(Type::Dyn)) };
    let mut variables = vec![variable("assertion")];
    if condition {
        variables.extend([variable("google"), variable("attribute")]);
    }
    let program = Program::compile(&at.text, Dialect::Google, &variables);
    Expression { at, program }
}

impl Provider {
    /// Reads a provider; `Err`: all that Google would refuse to store.
    pub(super) fn read(text: &Text<'_>) -> Result<Self, Vec<Refusal>> {
        let node = parse_document(text.text).map_err(|error| {
            vec![Refusal {
                message: error.message.clone(),
                rule: "G19",
                span: Some(text.point(error.at)),
            }]
        })?;
        let provider = Self::of(&node);
        let refusals = provider.refusals(text, &node);
        if refusals.is_empty() { Ok(provider) } else { Err(refusals) }
    }

    /// G21: the audiences that a token may have; `None`: the provider's name is not told.
    pub(super) fn accepted(&self) -> Option<Vec<String>> {
        if !self.audiences.is_empty() {
            return Some(self.audiences.iter().map(|one| one.text.clone()).collect());
        }
        let name = self.name.as_ref()?;
        let spelt = |scheme| format!("{scheme}//iam.googleapis.com/{}", name.whole);
        Some(["https:", ""].map(spelt).into())
    }

    fn of(node: &Node) -> Self {
        let item = |path: &[&str]| {
            let found = node.at(path)?;
            Some(Item {
                text: found.as_str()?.to_owned(),
                range: found.range.clone(),
                pointer: format!("/{}", path.join("/")),
            })
        };
        let audiences =
            node.at(&["oidc", "allowedAudiences"]).map(Node::elements).unwrap_or_default();
        let mapping = node.get("attributeMapping").map(Node::members).unwrap_or_default();
        let state = node.get("state").and_then(Node::as_str);
        Self {
            name: node.get("name").and_then(Node::as_str).and_then(Name::parse),
            issuer: item(&["oidc", "issuerUri"]).unwrap_or_else(|| Item {
                text: String::new(),
                range: node.range.clone(),
                pointer: String::new(),
            }),
            audiences: audiences
                .iter()
                .enumerate()
                .filter_map(|(index, found)| {
                    Some(Item {
                        text: found.as_str()?.to_owned(),
                        range: found.range.clone(),
                        pointer: format!("/oidc/allowedAudiences/{index}"),
                    })
                })
                .collect(),
            jwks: item(&["oidc", "jwksJson"]).filter(|jwks| !jwks.text.is_empty()),
            mapping: mapping
                .iter()
                .map(|member| Mapping {
                    attribute: member.name.clone(),
                    expression: expression(
                        Item {
                            text: member.value.as_str().unwrap_or_default().to_owned(),
                            range: member.value.range.clone(),
                            pointer: format!("/attributeMapping/{}", member.name),
                        },
                        false,
                    ),
                })
                .collect(),
            condition: item(&["attributeCondition"])
                .filter(|condition| !condition.text.trim().is_empty())
                .map(|at| expression(at, true)),
            inactive: node.get("disabled").and_then(Node::as_bool) == Some(true)
                || state.is_some_and(|state| state == "DELETED"),
        }
    }

    fn refusals(&self, text: &Text<'_>, node: &Node) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut refuse = |rule: &'static str, span: Option<Span>, message: String| {
            refusals.push(Refusal { message, rule, span });
        };
        if let Some(name) = node.get("name")
            && name.as_str().is_none_or(|text| Name::parse(text).is_none())
        {
            let message = "the name is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with ids of up to 32 characters of [a-z0-9-]";
            refuse("G19", Some(text.span(&name.range, Some("/name"))), message.into());
        }
        let reserved = self.name.as_ref().is_some_and(|name| {
            name.pool.starts_with("gcp-") || name.whole.contains("/providers/gcp-")
        });
        if reserved {
            refuse("G19", None, "ids must not start with `gcp-`".into());
        }
        let foreign = ["aws", "saml", "x509"].iter().any(|kind| node.get(kind).is_some());
        if !foreign && !self.issuer.text.starts_with("https://") {
            let message = "oidc.issuerUri must be an https URI";
            refuse("G20", Some(self.issuer.span(text)), message.into());
        }
        if self.audiences.len() > 10 {
            refuse("G21", None, format!("{} allowed audiences, at most 10", self.audiences.len()));
        }
        for audience in self.audiences.iter().filter(|one| one.text.chars().count() > 256) {
            let message = "an allowed audience has more than 256 characters";
            refuse("G21", Some(audience.span(text)), message.into());
        }
        if let Some(problem) = self.jwks.as_ref().and_then(|jwks| jwks_problem(&jwks.text)) {
            refuse("G22", self.jwks.as_ref().map(|jwks| jwks.span(text)), problem);
        }
        self.refused_mapping(text, &mut refuse);
        refusals
    }

    /// G23.
    fn refused_mapping(
        &self,
        text: &Text<'_>,
        refuse: &mut impl FnMut(&'static str, Option<Span>, String),
    ) {
        if !self.mapping.iter().any(|mapping| mapping.attribute == "google.subject") {
            refuse("G23", None, "attributeMapping must map google.subject".into());
        }
        let own = self.mapping.iter().filter(|one| one.attribute.starts_with("attribute.")).count();
        if own > 50 {
            refuse("G23", None, format!("{own} custom attributes, at most 50"));
        }
        for Mapping { attribute, expression } in &self.mapping {
            let span = Some(expression.at.span(text));
            let custom = attribute.strip_prefix("attribute.").is_some_and(|name| {
                (1..=100).contains(&name.len())
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            });
            let known = matches!(
                attribute.as_str(),
                "google.subject"
                    | "google.groups"
                    | "google.display_name"
                    | "google.profile_photo"
                    | "google.posix_username"
            );
            if !custom && !known {
                let message = format!(
                    "{attribute:?} is no attribute: use google.subject, google.groups or attribute.NAME, NAME of [a-z0-9_]"
                );
                refuse("G23", span.clone(), message);
            }
            judge_expression(expression, 2048, attribute, span, refuse);
        }
        if let Some(condition) = &self.condition {
            let span = Some(condition.at.span(text));
            judge_expression(condition, 4096, "attributeCondition", span.clone(), refuse);
            let output = condition.program.as_ref().ok().map(|program| &program.output);
            if output.is_some_and(|output| !matches!(output, Type::Bool | Type::Dyn | Type::Any)) {
                refuse("G23", span, "attributeCondition must be a boolean".into());
            }
        }
    }
}

/// Too long, or no expression at all.
fn judge_expression(
    expression: &Expression,
    most: usize,
    what: &str,
    span: Option<Span>,
    refuse: &mut impl FnMut(&'static str, Option<Span>, String),
) {
    let length = expression.at.text.chars().count();
    if length > most {
        let message = format!("{what} has {length} characters, at most {most}");
        return refuse("G23", span, message);
    }
    if let Err(error) = &expression.program
        && error.is_syntax()
    {
        let message = format!("{what} is no expression: {}", error.print(&expression.at.text));
        refuse("G23", span, message);
    }
}

/// G22.
fn jwks_problem(text: &str) -> Option<String> {
    let node = parse_document(text).ok()?;
    let keys = node.get("keys")?.elements();
    if keys.len() > 8 {
        return Some(format!("oidc.jwksJson holds {} keys, at most 8", keys.len()));
    }
    let has = |name: &str| keys.iter().any(|key| key.get(name).is_some());
    let certificate = ["x5c", "x5t"].into_iter().find(|name| has(name))?;
    Some(format!("keys in oidc.jwksJson must not have {certificate}"))
}
