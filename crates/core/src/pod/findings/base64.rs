//! `token-plain-base64`: a command takes a token apart and decodes it with plain base64.

use serde_json::Value;

use super::super::spec::{Container, list};
use super::Subject;
use crate::trace::{Finding, Severity};

/// Plain decoding; `basenc --base64url` is not among it.
const DECODES: [&str; 4] = ["base64 -d", "base64 --decode", "base64 -D", "base64 -id"];
/// Taking the second of the parts between dots, as white space and quotes are dropped.
const SPLITS: [&str; 4] = ["cut-d.", "awk-F.", "split(.)", "IFS=."];
/// The two characters that tell base64url from base64: whoever names them side by side converts.
const CONVERTS: [&str; 5] = ["_-", "-_", "base64url", "s/-/+/", "s/_/"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    containers.into_iter().flat_map(|container| in_container(subject, container)).collect()
}

fn in_container(subject: &Subject<'_>, container: Container<'_>) -> Vec<Finding> {
    let words = ["command", "args"].into_iter().flat_map(|name| {
        let words = list(container.value, name).iter().enumerate();
        words.map(move |(at, word)| (name, at, word))
    });
    words
        .filter(|(.., word)| word.as_str().is_some_and(decodes_wrongly))
        .map(|(name, at, _): (_, _, &Value)| {
            let title = format!("Container {} decodes a token with plain base64", container.name());
            let detail = "The parts of a token are base64url without padding. base64 -d stops at the first - \
                or _ and complains about the missing =, so the output is cut off for some tokens and not for \
                others. Decode with: jq -R 'split(\".\")[1] | gsub(\"-\"; \"+\") | gsub(\"_\"; \"/\") | \
                @base64d | fromjson'.";
            Finding::new("token-plain-base64", Severity::Warning, title, detail)
                .at(subject.template.span(&format!("{}/{name}/{at}", container.pointer())))
                .rule("K9")
        })
        .collect()
}

fn decodes_wrongly(script: &str) -> bool {
    let bare: String =
        script.chars().filter(|c| !c.is_whitespace() && !"'\"\\".contains(*c)).collect();
    let any = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    script.to_ascii_lowercase().contains("token")
        && any(script, &DECODES)
        && any(&bare, &SPLITS)
        && !any(script, &CONVERTS)
}

#[cfg(test)]
mod tests {
    use super::decodes_wrongly;

    #[test]
    fn only_a_token_that_is_split_and_not_converted() {
        let path = "/var/run/secrets/kubernetes.io/serviceaccount/token";
        #[rustfmt::skip]
        let table = [
            (format!("cat {path} | cut -d. -f2 | base64 -d"),                    true),
            (format!("cut -d'.' -f2 {path} | base64 --decode | jq ."),           true),
            (format!("TOKEN=$(cat {path}); echo $TOKEN | awk -F '.' '{{print $2}}' | base64 -d"), true),
            (format!("cut -d. -f2 {path} | tr '_-' '/+' | base64 -d"),           false),
            (format!("cut -d. -f2 {path} | basenc --base64url -d"),              false),
            (format!("cut -d. -f2 {path} | sed 's/-/+/g; s/_/\\//g' | base64 -d"), false),
            ("echo $TOKEN | base64 -d".to_owned(),                               false),
            (format!("cat {path}"),                                              false),
            ("cut -d. -f2 version | base64 -d".to_owned(),                       false),
        ];
        for (script, expected) in table {
            assert_eq!(decodes_wrongly(&script), expected, "{script}");
        }
    }
}
