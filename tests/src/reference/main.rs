//! The generated reference of the npm package: what it lists is what code and case files show, and a test fails
//! where they differ. `PODPASS_REFERENCE=write cargo test -p podpass-tests --test reference` writes it anew.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod page;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tree;

#[test]
fn the_reference_is_what_code_and_cases_show() {
    let answers = answers::Answers::of_all_cases();
    let missing: Vec<_> = codes::findings_in_source()
        .into_iter()
        .filter(|code| !answers.findings.contains_key(code))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "no case file shows these findings");
    let generated = page::page(&answers);
    let path = tree::root().join("crates/wasm/npm/docs/reference.md");
    if std::env::var_os("PODPASS_REFERENCE").is_some_and(|word| word == "write") {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = generated.lines().zip(committed.lines()).find(|(a, b)| a != b);
    assert!(
        generated == committed,
        "{} is out of date: `PODPASS_REFERENCE=write cargo test -p podpass-tests --test reference` writes it. First difference: {differing:?}",
        path.display()
    );
}
