//! The checks of one party, in its own order; the first that fails is open, what follows is dimmed.

use podpass::{Check, Fix, Span, Status};
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::icon;
use crate::components::prose::prose;
use crate::components::values::Comparison;
use crate::parties::Judgement;
use crate::words::{self, Tone};

/// Whose checks, and what a click does.
#[derive(Properties, PartialEq)]
pub(crate) struct LadderProps {
    pub(crate) judged: Judgement,
    pub(crate) on_jump: Callback<Span>,
    pub(crate) on_fix: Callback<Fix>,
}

/// A card with an ordered list.
#[component]
pub(crate) fn Ladder(props: &LadderProps) -> Html {
    let judged = &props.judged;
    let decisive = judged.decisive().map(|(at, check)| (at, check.status));
    let stopped = decisive.and_then(|(at, status)| (status == Status::Fail).then_some(at));
    html! {
        <section class="card" id="ladder" aria-labelledby="ladder-title">
            <div class="bar">
                <h2 id="ladder-title">{ format!("{}, step by step", judged.name) }</h2>
                { stops(judged, decisive) }
                <span class="acts"><CopyButton text={markdown(judged)} label="copy as Markdown"/></span>
            </div>
            if judged.checks.is_empty() { <p class="pad dim">{ "Nothing was judged." }</p> }
            <ol class="ladder">
                for group in groups(&judged.checks) {
                    if group.quiet.is_some() && group.checks.len() > 1 { <Folded key={group.at} at={group.at} checks={group.checks.to_vec()} after={stopped.is_some_and(|stopped| group.at > stopped)} on_jump={props.on_jump.clone()}/> }
                    else { for (index, check) in group.checks.iter().enumerate() {
                        <Step key={group.at + index} check={check.clone()} heading={heading(&judged.checks, group.at + index, decisive)}
                            open={decisive.is_some_and(|(first, _)| first == group.at + index)}
                            after={stopped.is_some_and(|stopped| group.at + index > stopped)}
                            fixes={fixes_of(judged, check)}
                            on_jump={props.on_jump.clone()} on_fix={props.on_fix.clone()}/>
                    } }
                }
            </ol>
        </section>
    }
}

fn stops(judged: &Judgement, decisive: Option<(usize, Status)>) -> Html {
    let total = judged.checks.len();
    let words = match decisive {
        Some((at, Status::Fail)) => {
            let stage = judged.stage.as_deref().unwrap_or_default();
            let stage = words::stage_label(stage).to_lowercase();
            format!("stops at {} of {total}: {stage}", at + 1)
        }
        Some(_) => "not all can be known".to_owned(),
        None if total == 0 => return Html::default(),
        None => format!("{total} of {total}"),
    };
    let tone = decisive.map_or(Tone::Pass, |(_, status)| Tone::from(status));
    html! { <span class={classes!("chip", tone.name())}>{ words }</span> }
}

/// Letters that the column of stages has room for.
const LONGEST: usize = 18;

/// Neighbours of one stage, with or without trouble; or of two stages without.
struct Group<'a> {
    /// Index of the first.
    at: usize,
    checks: &'a [Check],
    /// All of them hold, or all are moot: one line is enough until somebody asks.
    quiet: Option<Tone>,
}

/// Two neighbouring stages share a line if both hold or both are moot.
fn groups(checks: &[Check]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut at = 0;
    let mut joint = 0;
    let alike = |a: &Check, b: &Check| {
        let matter = |check: &Check| quiet(std::slice::from_ref(check)).is_none();
        words::stage_of(&a.id) == words::stage_of(&b.id) && matter(a) == matter(b)
    };
    for chunk in checks.chunk_by(alike) {
        let tone = quiet(chunk);
        let whole = groups.last().filter(|last| tone.is_some() && last.quiet == tone && joint < 2);
        let joined = whole
            .and_then(|last| checks.get(last.at..at + chunk.len()))
            .filter(|joined| stages(joined).len() <= LONGEST);
        match (joined, groups.last_mut()) {
            (Some(joined), Some(last)) => {
                last.checks = joined;
                joint += 1;
            }
            _ => {
                groups.push(Group { at, checks: chunk, quiet: tone });
                joint = 1;
            }
        }
        at += chunk.len();
    }
    groups
}

fn quiet(checks: &[Check]) -> Option<Tone> {
    let only = |wanted: &[Status]| checks.iter().all(|check| wanted.contains(&check.status));
    match () {
        () if only(&[Status::Skip]) => Some(Tone::Skip),
        () if only(&[Status::Pass, Status::Skip]) => Some(Tone::Pass),
        () => None,
    }
}

/// The stage of a check, if the check before has another, or if this one decides.
fn heading(checks: &[Check], at: usize, decisive: Option<(usize, Status)>) -> Option<String> {
    let check = checks.get(at)?;
    let before = at.checked_sub(1).and_then(|before| checks.get(before));
    let same =
        before.is_some_and(|before| words::stage_of(&before.id) == words::stage_of(&check.id));
    (!same || decisive.is_some_and(|(first, _)| first == at)).then(|| stage(check))
}

/// The stages of a line: `Keys, signature`.
fn stages(checks: &[Check]) -> String {
    let mut names: Vec<_> = checks.iter().map(|check| words::stage_of(&check.id)).collect();
    names.dedup();
    words::stage_label(
        &names
            .iter()
            .map(|name| words::stage_label(name).to_lowercase())
            .collect::<Vec<_>>()
            .join(", "),
    )
}

fn stage(check: &Check) -> String {
    words::stage_label(words::stage_of(&check.id))
}

#[derive(Properties, PartialEq)]
struct FoldedProps {
    at: usize,
    checks: Vec<Check>,
    after: bool,
    on_jump: Callback<Span>,
}

/// A stage without trouble: what it says in one line; opened, each check.
#[component]
fn Folded(props: &FoldedProps) -> Html {
    let checks = &props.checks;
    let tone = quiet(checks).unwrap_or(Tone::Pass);
    let mut rules: Vec<_> = checks.iter().filter_map(|check| check.rule.as_deref()).collect();
    rules.dedup();
    let titles: Vec<_> = checks.iter().map(|check| check.title.as_ref()).collect();
    html! {
        <li class={classes!("folded", tone.name(), props.after.then_some("after"))}>
            <details>
                <summary>
                    { icon::tone_symbol(tone) }
                    <span class="stage">{ stages(checks) }</span>
                    <span class="what"><span>{ prose(&titles.join(", ")) }</span></span>
                    <span class="rule">{ rules.first().copied().unwrap_or_default().to_owned() }</span>
                </summary>
                <ol class="ladder inner">
                    for (index, check) in checks.iter().enumerate() {
                        <Step key={props.at + index} check={check.clone()} heading={Some(stage(check))} open=false after=false fixes={Vec::new()}
                            on_jump={props.on_jump.clone()} on_fix={Callback::noop()}/>
                    }
                </ol>
            </details>
        </li>
    }
}

fn fixes_of(judged: &Judgement, check: &Check) -> Vec<Fix> {
    if check.status != Status::Fail {
        return Vec::new();
    }
    judged.fixes.iter().filter(|fix| fix.check == check.id).cloned().collect()
}

/// The steps for a ticket.
fn markdown(judged: &Judgement) -> std::rc::Rc<str> {
    let verdict = words::verdict_word(judged.verdict);
    let mut text = format!("**{} {}: {verdict}**\n\n", judged.name, judged.which);
    if let Some(error) = &judged.error {
        text += &format!("> {} {}\n\n", error.code, error.message);
    }
    for check in &judged.checks {
        let rule = check.rule.as_deref().unwrap_or("-");
        text += &format!("1. {} {} ({rule})\n", mark(check.status), check.title);
        for (name, value) in [("expected", &check.expected), ("actual", &check.actual)] {
            if let (Some(value), Status::Fail) = (value, check.status) {
                text += &format!("   - {name}: `{}`\n", words::value_text(value));
            }
        }
    }
    text.into()
}

const fn mark(status: Status) -> &'static str {
    match status {
        Status::Fail => "✕",
        Status::Pass => "✓",
        Status::Skip => "–",
        Status::Unknown => "?",
        Status::Warn => "!",
    }
}

#[derive(Properties, PartialEq)]
struct StepProps {
    check: Check,
    heading: Option<String>,
    open: bool,
    after: bool,
    fixes: Vec<Fix>,
    on_jump: Callback<Span>,
    on_fix: Callback<Fix>,
}

#[component]
fn Step(props: &StepProps) -> Html {
    let check = &props.check;
    let tone = Tone::from(check.status);
    let matters = matches!(check.status, Status::Fail | Status::Unknown | Status::Warn);
    html! {
        <li class={classes!(tone.name(), props.open.then_some("open"), props.after.then_some("after"))} data-check={check.id.to_string()} data-status={tone.name()}>
            { icon::tone_symbol(tone) }
            <span class="stage">{ props.heading.clone().unwrap_or_default() }</span>
            <div class="what">
                { title(check, props.open, &props.on_jump) }
                if matters && (check.expected.is_some() || check.actual.is_some()) {
                    <Comparison expected={check.expected.clone()} actual={check.actual.clone()}/>
                }
                if let Some(hint) = check.hint.as_ref().filter(|_| matters) { <p class="hint">{ prose(hint) }</p> }
                for fix in props.fixes.iter() { { fix_view(fix, &props.on_fix) } }
            </div>
            { rule(check) }
        </li>
    }
}

/// The title; with a place it is a button that leads there.
fn title(check: &Check, open: bool, on_jump: &Callback<Span>) -> Html {
    let words = prose(&check.title);
    let value = check.actual.as_ref().filter(|_| check.status == Status::Pass);
    let value = value.map(words::value_text).filter(|value| !check.title.contains(value.as_str()));
    let inner = html! { <>
        if open { <b>{ words }</b> } else { { words } }
        if let Some(value) = value { <code class="seen">{ shortened(&value) }</code> }
        if let Some(hint) = check.hint.as_ref().filter(|_| check.status == Status::Skip) { <span class="assumed">{ " · " }{ prose(hint) }</span> }
    </> };
    match &check.span {
        Some(span) => {
            let place = words::place(span);
            let span = span.clone();
            let onclick = on_jump.reform(move |_: MouseEvent| span.clone());
            html! { <button type="button" class="jump" {onclick}>{ inner }<span class="where">{ place }</span></button> }
        }
        None => html! { <span>{ inner }</span> },
    }
}

/// Long values are for the decoded view.
fn shortened(text: &str) -> String {
    const MOST: usize = 72;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

fn rule(check: &Check) -> Html {
    let Some(rule) = check.rule.as_ref() else { return html! { <span class="rule"></span> } };
    match &check.docs {
        Some(docs) => {
            html! { <a class="rule" href={docs.to_string()} target="_blank" rel="noreferrer noopener" title="the page that says so">{ rule.to_string() }</a> }
        }
        None => html! { <span class="rule">{ rule.to_string() }</span> },
    }
}

fn fix_view(fix: &Fix, on_fix: &Callback<Fix>) -> Html {
    let proof = match fix.verdict_after {
        Some(verdict) => format!("tried: then {}", words::verdict_word(verdict).to_lowercase()),
        None => "tried: this check then passes".to_owned(),
    };
    let onclick = {
        let fix = fix.clone();
        on_fix.reform(move |_: MouseEvent| fix.clone())
    };
    html! {
        <div class="fix" key={fix.id.clone()}>
            <div class="diff"><div>{ &fix.title }</div>
                for edit in fix.edits.iter().filter(|edit| !edit.text.is_empty()) { <div class="m"><ins>{ words::visible(&edit.text) }</ins></div> }
            </div>
            <span class="proof">{ icon::symbol("pass") }{ proof }</span>
            if let Some(command) = &fix.command { <code class="small">{ command }</code> }
            <button type="button" class="btn primary" {onclick}>{ "Apply" }</button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::testing::{Shown, show};
    use crate::parties::Party;
    use podpass::{InputName, Verdict};

    fn judged(checks: Vec<Check>) -> Judgement {
        Judgement {
            party: Party::Outcome(0),
            name: "AWS STS".into(),
            which: "role/api".into(),
            verdict: Verdict::of(&checks),
            stage: Some("trust-policy".into()),
            error: None,
            grant: None,
            checks,
            fixes: Vec::new(),
        }
    }

    fn checks() -> Vec<Check> {
        let span = Span {
            input: InputName::Trust,
            index: Some(0),
            start: 5,
            end: 9,
            line: 2,
            column: 1,
            pointer: None,
        };
        vec![
            Check::new("aws-irsa/request/role", Status::Skip, "the role is not told"),
            Check::new("aws-irsa/format", Status::Pass, "the token is a JWT"),
            Check::new("aws-irsa/claims/iss", Status::Pass, "`iss` is there"),
            Check::new("aws-irsa/trust-policy/action", Status::Pass, "about this action"),
            Check::new("aws-irsa/trust-policy/condition", Status::Fail, "another sub")
                .expected("ns:prod:api")
                .actual("ns:production:api")
                .at(span)
                .rule("A63"),
            Check::new("aws-irsa/session", Status::Skip, "no session"),
        ]
    }

    #[test]
    fn stages_without_trouble_share_a_line() {
        let checks = checks();
        let lines: Vec<_> = groups(&checks)
            .iter()
            .map(|group| (group.at, group.checks.len(), group.quiet))
            .collect();
        let expected = [
            (0, 1, Some(Tone::Skip)),
            (1, 2, Some(Tone::Pass)),
            (3, 1, Some(Tone::Pass)),
            (4, 1, None),
            (5, 1, Some(Tone::Skip)),
        ];
        assert_eq!(lines, expected);
        assert_eq!(stages(&checks[1..3]), "Format, claims");
    }

    #[test]
    fn the_failing_step_is_open_and_shows_what_differs() {
        let Shown(html) = show::<Ladder>(LadderProps {
            judged: judged(checks()),
            on_jump: Callback::noop(),
            on_fix: Callback::noop(),
        });
        for part in [
            "stops at 5 of 6: trust policy",
            "Format, claims",
            "<code>iss</code> is there",
            "ns:prod<del>uction</del>:api",
            "Trust, line 2",
            "A63",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("class=\"fail open\"").count(), 1);
        assert_eq!(html.matches(" after\"").count(), 1, "what follows is dimmed");
    }

    #[test]
    fn what_a_paste_says_is_never_markup() {
        let hostile =
            Check::new("token/format", Status::Fail, "<img src=x>").actual("<script>\u{202e}");
        let Shown(html) = show::<Ladder>(LadderProps {
            judged: judged(vec![hostile]),
            on_jump: Callback::noop(),
            on_fix: Callback::noop(),
        });
        assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
        assert!(html.contains("⟨U+202E⟩"), "{html}");
    }
}
