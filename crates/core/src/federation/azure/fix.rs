//! Edits of the credentials that let the token in, each tried before it is offered.
//!
//! A slip in one credential is corrected; where another ServiceAccount is meant, a credential is added beside it.
//! Neither lets in anybody but the token's own ServiceAccount.

use serde_json::{Value, json};

use super::credential::{Credential, Item};
use super::matching::Matching;
use super::{Case, IdentityKind, Run};
use crate::claims::ServiceAccountRef;
use crate::document::Text;
use crate::federation::edits::{Edit, apply, shown};
use crate::trace::{Check, Fix, InputName, Status};

/// What the stages fixes are about are called.
const STAGES: [&str; 4] = ["azure/credentials", "azure/issuer", "azure/subject", "azure/audience"];

pub(super) fn propose(text: &Text<'_>, case: &Case<'_>, run: &Run) -> Vec<Fix> {
    let Some(claims) = case.subject.claims().filter(|_| run.outcome.rejected.is_none()) else {
        return Vec::new();
    };
    let matching = Matching::new(claims.0, &run.listed.credentials);
    let attempt = Attempt { text, case, run, matching: &matching };
    let correct =
        run.listed.credentials.iter().enumerate().filter_map(|(i, one)| attempt.correct(i, one));
    let mut fixes: Vec<(usize, Fix)> = correct.collect();
    fixes.sort_by_key(|(edits, _)| *edits);
    let mut fixes: Vec<Fix> = fixes.into_iter().map(|(_, fix)| fix).collect();
    fixes.extend(attempt.add());
    fixes
}

struct Attempt<'a> {
    text: &'a Text<'a>,
    case: &'a Case<'a>,
    run: &'a Run,
    matching: &'a Matching<'a>,
}

impl Attempt<'_> {
    /// One credential whose values differ from the token's by a slip.
    fn correct(&self, index: usize, credential: &Credential) -> Option<(usize, Fix)> {
        let (mut edits, mut said, mut options) = (Vec::new(), Vec::new(), Vec::new());
        let mut compare = |what: &str, item: Option<&Item>, wanted: &str, slip: bool| {
            let item = item?;
            if item.text != wanted {
                if !slip {
                    return None;
                }
                let text = Value::from(wanted).to_string();
                edits.push(Edit { bytes: item.place.bytes.clone(), text });
                said.push(format!("set the {what} to {wanted}"));
                options.push(format!("--{what} {wanted}"));
            }
            Some(())
        };
        let audience =
            self.matching.audiences.first().filter(|_| self.matching.audiences.len() == 1)?;
        let issuer = &credential.issuer;
        compare(
            "issuer",
            issuer.as_ref(),
            self.matching.issuer,
            is_slip(credential.issuer_text(), self.matching.issuer),
        )?;
        compare(
            "subject",
            credential.subject.as_ref(),
            self.matching.subject,
            is_slip(credential.subject_text(), self.matching.subject),
        )?;
        let exchange = "api://AzureADTokenExchange";
        let for_entra = audience.starts_with(exchange);
        compare("audiences", credential.audience(), audience, for_entra)?;
        ServiceAccountRef::from_subject(self.matching.subject)?;
        let title = format!("In {}: {}", credential.label(), said.join("; "));
        let id = format!("azure/credential-{}/correct", index + 1);
        let command = self.update(credential, &options);
        let count = edits.len();
        self.tried(edits, id, title, command).map(|fix| (count, fix))
    }

    /// Z30: a further credential, if the list is JSON.
    fn add(&self) -> Option<Fix> {
        let array = self.run.listed.array.as_ref()?;
        let account = ServiceAccountRef::from_subject(self.matching.subject)?;
        let audience =
            self.matching.audiences.first().filter(|_| self.matching.audiences.len() == 1)?;
        let is_for_entra = audience.starts_with("api://AzureADTokenExchange");
        if !is_for_entra || !self.matching.issuer.starts_with("https://") {
            return None;
        }
        let names: Vec<&str> = self
            .run
            .listed
            .credentials
            .iter()
            .filter_map(|one| one.name.as_ref())
            .map(|name| name.text.as_str())
            .collect();
        let wanted = format!("{}-{}", account.namespace, account.name).replace('.', "-");
        let name = (0..)
            .map(|n| if n == 0 { wanted.clone() } else { format!("{wanted}-{n}") })
            .find(|name| !names.contains(&name.as_str()))?;
        let added = json!({"name": name, "issuer": self.matching.issuer, "subject": self.matching.subject, "audiences": [audience]});
        let at = array.bytes.end.checked_sub(1)?;
        let before = self.text.text.get(..at)?.trim_end().len();
        let comma = if self.run.listed.credentials.is_empty() { "" } else { "," };
        let edit = Edit { bytes: before..before, text: format!("{comma}\n  {added}") };
        let title =
            format!("Add a credential for {} in namespace {}", account.name, account.namespace);
        let command = match self.case.facts.identity_kind {
            Some(IdentityKind::Application) => format!(
                "az ad app federated-credential create --id {} --parameters '{added}'",
                self.client()
            ),
            _ => {
                let (identity, group) = self.identity(self.run.listed.credentials.first());
                format!(
                    "az identity federated-credential create --name {name} --identity-name {identity} --resource-group {group} --issuer {} --subject {} --audiences {audience}",
                    self.matching.issuer, self.matching.subject
                )
            }
        };
        self.tried(vec![edit], "azure/add-credential".to_owned(), title, command)
    }

    /// Stores the edited credential.
    fn update(&self, credential: &Credential, options: &[String]) -> String {
        let name = credential.name.as_ref().map_or("NAME", |name| &name.text);
        match self.case.facts.identity_kind {
            Some(IdentityKind::Application) => format!(
                "az ad app federated-credential update --id {} --federated-credential-id {name} --parameters credential.json",
                self.client()
            ),
            _ => {
                let (identity, group) = self.identity(Some(credential));
                format!(
                    "az identity federated-credential update --name {name} --identity-name {identity} --resource-group {group} {}",
                    options.join(" ")
                )
            }
        }
    }

    fn client(&self) -> &str {
        self.case.facts.client_id.as_deref().unwrap_or("CLIENT_ID")
    }

    /// Identity and resource group of ARM's resource id.
    fn identity<'c>(&self, credential: Option<&'c Credential>) -> (&'c str, &'c str) {
        let id = credential.and_then(|one| one.id.as_deref()).unwrap_or_default();
        let after = |name: &str| {
            let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case(name));
            parts.nth(1)
        };
        let identity = after("userAssignedIdentities").unwrap_or("IDENTITY");
        (identity, after("resourceGroups").unwrap_or("RESOURCE_GROUP"))
    }

    /// Whether the edited document lets the token in, and nobody else beside.
    fn tried(&self, edits: Vec<Edit>, id: String, title: String, command: String) -> Option<Fix> {
        let before = &self.run.outcome;
        let edited = apply(self.text.text, &edits)?;
        let after = self.case.run(&Text::new(InputName::Trust, &edited)).outcome;
        let fails = |checks: &[Check], id: &str| {
            checks.iter().any(|check| check.id == id && check.status == Status::Fail)
        };
        let check = STAGES.into_iter().find(|stage| fails(&before.checks, stage))?;
        let is_new =
            |check: &&Check| check.status == Status::Fail && !fails(&before.checks, &check.id);
        let spoils = after.rejected.is_some()
            || STAGES.iter().any(|stage| fails(&after.checks, stage))
            || after.checks.iter().any(|check| is_new(&check));
        let is_narrow =
            after.reach.subjects.iter().all(|one| {
                before.reach.subjects.contains(one) || one.pattern == self.matching.subject
            });
        (!spoils && is_narrow).then(|| Fix {
            id,
            title,
            check: check.to_owned(),
            input: InputName::Trust,
            index: self.text.index,
            edits: shown(self.text, &edits),
            verdict_after: Some(after.verdict),
            command: Some(command),
        })
    }
}

/// Letter case, white space at the ends, the trailing slash: what people mistype, not another issuer or account.
fn is_slip(written: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.trim().trim_end_matches('/').to_lowercase();
    plain(written) == plain(wanted)
}
