//! What an AuthenticationConfiguration consists of (`k8s.io/apiserver/pkg/apis/apiserver/types.go`).

use std::ops::Range;

use crate::document::{Data, Node};

/// The type of a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Struct(&'static str),
    Structs(&'static str),
    Switch,
    Text,
    Texts,
}

impl Shape {
    /// As Go names it.
    pub(super) fn go_type(self) -> String {
        match self {
            Self::Struct(name) => format!("v1.{name}"),
            Self::Structs(name) => format!("[]v1.{name}"),
            Self::Switch => "bool".into(),
            Self::Text => "string".into(),
            Self::Texts => "[]string".into(),
        }
    }
}

/// A member of a structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

const CLAIM: Field = field("claim", Shape::Text);
const EXPRESSION: Field = field("expression", Shape::Text);
const MESSAGE: Field = field("message", Shape::Text);

/// The structures and their members.
const STRUCTS: &[(&str, &[Field])] = &[
    (
        "AuthenticationConfiguration",
        &[
            field("apiVersion", Shape::Text),
            field("kind", Shape::Text),
            field("jwt", Shape::Structs("JWTAuthenticator")),
            field("anonymous", Shape::Struct("AnonymousAuthConfig")),
        ],
    ),
    (
        "JWTAuthenticator",
        &[
            field("issuer", Shape::Struct("Issuer")),
            field("claimValidationRules", Shape::Structs("ClaimValidationRule")),
            field("claimMappings", Shape::Struct("ClaimMappings")),
            field("userValidationRules", Shape::Structs("UserValidationRule")),
        ],
    ),
    (
        "Issuer",
        &[
            field("url", Shape::Text),
            field("discoveryURL", Shape::Text),
            field("certificateAuthority", Shape::Text),
            field("audiences", Shape::Texts),
            field("audienceMatchPolicy", Shape::Text),
            field("egressSelectorType", Shape::Text),
        ],
    ),
    ("ClaimValidationRule", &[CLAIM, field("requiredValue", Shape::Text), EXPRESSION, MESSAGE]),
    (
        "ClaimMappings",
        &[
            field("username", Shape::Struct("PrefixedClaimOrExpression")),
            field("groups", Shape::Struct("PrefixedClaimOrExpression")),
            field("uid", Shape::Struct("ClaimOrExpression")),
            field("extra", Shape::Structs("ExtraMapping")),
        ],
    ),
    ("PrefixedClaimOrExpression", &[CLAIM, field("prefix", Shape::Text), EXPRESSION]),
    ("ClaimOrExpression", &[CLAIM, EXPRESSION]),
    ("ExtraMapping", &[field("key", Shape::Text), field("valueExpression", Shape::Text)]),
    ("UserValidationRule", &[EXPRESSION, MESSAGE]),
    (
        "AnonymousAuthConfig",
        &[
            field("enabled", Shape::Switch),
            field("conditions", Shape::Structs("AnonymousAuthCondition")),
        ],
    ),
    ("AnonymousAuthCondition", &[field("path", Shape::Text)]),
];

/// The members of a structure.
pub(super) fn fields(name: &str) -> &'static [Field] {
    STRUCTS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, fields)| fields)
}

/// A place in the document: the node, if it is there, and the pointer.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub(super) node: Option<&'a Node>,
    pub(super) pointer: String,
    /// Of what holds it, where it is not there itself.
    parent: Range<usize>,
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node: Some(node), pointer: String::new(), parent: node.range.clone() }
    }

    pub(super) fn child(&self, name: &str) -> At<'a> {
        At {
            node: self.node.and_then(|node| node.get(name)),
            pointer: format!("{}/{name}", self.pointer),
            parent: self.range(),
        }
    }

    pub(super) fn elements(&self) -> Vec<At<'a>> {
        let elements = self.node.map(Node::elements).unwrap_or_default();
        let at = |(index, node): (usize, &'a Node)| At {
            node: Some(node),
            pointer: format!("{}/{index}", self.pointer),
            parent: node.range.clone(),
        };
        elements.iter().enumerate().map(at).collect()
    }

    /// A text; what is absent or null is empty.
    pub(super) fn text(&self) -> &'a str {
        self.node.and_then(Node::as_str).unwrap_or_default()
    }

    /// A text that may be absent.
    pub(super) fn optional_text(&self) -> Option<&'a str> {
        self.node.and_then(Node::as_str)
    }

    pub(super) fn switch(&self) -> bool {
        self.node.is_some_and(|node| node.data == Data::Bool(true))
    }

    /// Where it stands, else what should hold it.
    pub(super) fn range(&self) -> Range<usize> {
        self.node.map_or_else(|| self.parent.clone(), |node| node.range.clone())
    }
}
