//! The first record of comma-separated text as Go's `encoding/csv` reads it by default.
//!
//! Source: Go's `src/encoding/csv/reader.go` `readLine`, `readRecord`.

/// The fields of the first record; `None` where there is none or Go calls it an error.
pub(in crate::pod) fn first_record(text: &str) -> Option<Vec<String>> {
    // Lines end in `\n`, whatever they ended in, and a `\r` at the very end is dropped.
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix('\r').unwrap_or(&text);
    // Empty lines before the record do not count.
    let mut rest = text.trim_start_matches('\n');
    if rest.is_empty() {
        return None;
    }
    let mut fields = Vec::new();
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest)?,
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Some(fields),
        }
    }
}

/// A field without quotes, and what follows its comma; a quote in it is an error.
fn plain_field(text: &str) -> Option<(String, Option<&str>)> {
    let end = text.find([',', '\n']).unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    (!field.contains('"')).then(|| (field.to_owned(), after.strip_prefix(',')))
}

/// A field whose opening quote was read, over several lines if need be, and what follows its comma.
fn quoted_field(text: &str) -> Option<(String, Option<&str>)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        // Without a closing quote the text ends inside the field.
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        if after.is_empty() || after.starts_with('\n') {
            return Some((field, None));
        }
        if let Some(after) = after.strip_prefix(',') {
            return Some((field, Some(after)));
        }
        rest = after.strip_prefix('"')?;
        field.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_go_does() {
        #[rustfmt::skip]
        let table: [(&str, Option<&[&str]>); 18] = [
            ("a",             Some(&["a"])),
            ("a,b",           Some(&["a", "b"])),
            ("a, b ",         Some(&["a", " b "])),
            ("a,",            Some(&["a", ""])),
            (",",             Some(&["", ""])),
            ("",              None),
            ("\n\r\n",        None),
            ("\na,b\nc",      Some(&["a", "b"])),
            ("a\r\nb",        Some(&["a"])),
            ("a\r",           Some(&["a"])),
            ("\"a,b\",c",     Some(&["a,b", "c"])),
            ("\"a\"\"b\"",    Some(&["a\"b"])),
            ("\"a\nb\",c\nd", Some(&["a\nb", "c"])),
            ("\"a\r\nb\"\r\n", Some(&["a\nb"])),
            ("\"a",           None),
            ("a\"b",          None),
            ("\"a\"b",        None),
            ("\"a\", \"b\"",  None),
        ];
        for (text, fields) in table {
            let fields = fields.map(|fields| fields.iter().map(|f| (*f).to_owned()).collect());
            assert_eq!(first_record(text), fields, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[a\",\\r\\n ü]{0,24}") {
            let fields = first_record(&text);
            proptest::prop_assert!(fields.is_none_or(|fields| !fields.is_empty()));
        }
    }
}
