//! Rules about the case files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::File;

/// Every case file is JSON, and no two cases of the project share an id.
pub(super) fn are_json_with_unique_ids(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in
        files.iter().filter(|file| file.path.starts_with("tests/cases/") && file.is(&[".json"]))
    {
        let document: Value = match serde_json::from_str(&file.text) {
            Ok(document) => document,
            Err(error) => {
                problems.push(format!("{}: {error}", file.path));
                continue;
            }
        };
        for id in ids(&document) {
            if let Some(other) = seen.insert(id.to_owned(), &file.path) {
                problems.push(format!("{}: the id `{id}` is also in {other}", file.path));
            }
        }
    }
    problems
}

/// The ids of a file's cases: a list of cases, an object with `cases`, or one case.
fn ids(document: &Value) -> Vec<&str> {
    let cases = document.get("cases").unwrap_or(document);
    let cases = cases.as_array().map_or(std::slice::from_ref(cases), Vec::as_slice);
    cases.iter().filter_map(|case| case.get("id")?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::are_json_with_unique_ids;

    #[test]
    fn a_case_file_that_is_no_json_is_told_with_its_place() {
        let problems = are_json_with_unique_ids(&[file("tests/cases/a.json", "{\"id\": 1,}")]);
        assert_eq!(problems, ["tests/cases/a.json: trailing comma at line 1 column 10"]);
    }

    #[test]
    fn an_id_is_used_once_in_all_files() {
        let files = [
            file("tests/cases/a.json", r#"{"cases": [{"id": "one"}, {"id": "two"}]}"#),
            file("tests/cases/b.json", r#"[{"id": "two"}]"#),
            file("tests/cases/c.json", r#"{"id": "one", "expected": {"id": "inner"}}"#),
            file("web/d.json", r#"{"id": "one"}"#),
        ];
        let problems = are_json_with_unique_ids(&files);
        assert_eq!(
            problems,
            [
                "tests/cases/b.json: the id `two` is also in tests/cases/a.json",
                "tests/cases/c.json: the id `one` is also in tests/cases/a.json",
            ]
        );
    }
}
