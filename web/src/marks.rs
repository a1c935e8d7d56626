//! Places in a text: UTF-16 offsets, as the DOM and the engine count, cut into pieces for drawing.

/// A place that is drawn in a way of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) class: &'static str,
}

/// A run of text and the classes of the marks that cover it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) classes: Vec<&'static str>,
}

/// Cuts a text at the borders of its marks. Marks beyond the text, left over from a longer one, are cut off.
pub(crate) fn pieces<'a>(text: &'a str, marks: &[Mark]) -> Vec<Piece<'a>> {
    let mut cuts: Vec<usize> = marks.iter().flat_map(|mark| [mark.start, mark.end]).collect();
    cuts.push(0);
    cuts.sort_unstable();
    cuts.dedup();
    let bytes = byte_offsets(text, &cuts);
    let ends = bytes.iter().copied().skip(1).chain([text.len()]);
    cuts.iter()
        .zip(bytes.iter().zip(ends))
        .filter_map(|(cut, (from, to))| {
            let text = text.get(*from..to).filter(|text| !text.is_empty())?;
            let covers = |mark: &&Mark| mark.start <= *cut && *cut < mark.end;
            let classes = marks.iter().filter(covers).map(|mark| mark.class).collect();
            Some(Piece { text, classes })
        })
        .collect()
}

/// Byte offsets of ascending UTF-16 offsets; those beyond the text are its end.
fn byte_offsets(text: &str, cuts: &[usize]) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(cuts.len());
    let mut units = 0;
    let mut letters = text.char_indices();
    let mut next = letters.next();
    for cut in cuts {
        while let Some((_, letter)) = next.filter(|_| units < *cut) {
            units += letter.len_utf16();
            next = letters.next();
        }
        offsets.push(next.map_or(text.len(), |(byte, _)| byte));
    }
    offsets
}

/// The text with UTF-16 units replaced.
pub(crate) fn edited(text: &str, edits: &[podpass::TextEdit]) -> String {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.start);
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        let ends = byte_offsets(text, &[edit.start, edit.end]);
        let (Some(start), Some(end)) = (ends.first(), ends.last()) else { continue };
        out.push_str(text.get(from..*start).unwrap_or_default());
        out.push_str(&edit.text);
        from = *end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start: usize, end: usize, class: &'static str) -> Mark {
        Mark { start, end, class }
    }

    #[test]
    fn marks_overlap_and_count_utf_16() {
        let text = "a😀bc";
        let got = pieces(text, &[mark(1, 4, "x"), mark(3, 9, "y")]);
        let got: Vec<_> = got.iter().map(|piece| (piece.text, piece.classes.join(" "))).collect();
        assert_eq!(
            got,
            [("a", "".into()), ("😀", "x".into()), ("b", "x y".into()), ("c", "y".to_owned())]
        );
    }

    #[test]
    fn marks_beyond_the_text_do_no_harm() {
        assert_eq!(pieces("ab", &[mark(5, 9, "x")]).len(), 1);
        assert_eq!(pieces("", &[mark(0, 9, "x")]), []);
    }

    #[test]
    fn edits_replace_units() {
        let edit = |start, end, text: &str| podpass::TextEdit { start, end, text: text.into() };
        assert_eq!(edited("😀 prod!", &[edit(3, 7, "test"), edit(0, 2, "x")]), "x test!");
    }
}
