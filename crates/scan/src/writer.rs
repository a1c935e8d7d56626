//! JSON text out of pieces that need no escape.

/// Appends members; every name comes with the punctuation around it, so that a member takes few copies.
///
/// ```
/// let mut json = String::new();
/// let mut writer = podpass_scan::Writer(&mut json);
/// writer.text("{\"a\":\"", "b");
/// writer.texts(",\"c\":[", &["d", "e"]);
/// writer.json(",\"f\":", "1");
/// writer.json("}", "");
/// assert_eq!(json, r#"{"a":"b","c":["d","e"],"f":1}"#);
/// ```
#[derive(Debug)]
pub struct Writer<'o>(pub &'o mut String);

impl Writer<'_> {
    /// What is JSON already.
    pub fn json(&mut self, before: &str, json: &str) {
        self.0.push_str(before);
        self.0.push_str(json);
    }

    /// A text, up to its closing quote; `before` ends with the opening one.
    pub fn text(&mut self, before: &str, text: &str) {
        self.json(before, text);
        self.0.push('"');
    }

    /// A list of texts; `before` ends with its bracket.
    pub fn texts(&mut self, before: &str, texts: &[&str]) {
        self.0.push_str(before);
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        }
        self.0.push(']');
    }
}
