//! The parts of the page, one a file: data in, `Html` out.

pub(crate) mod answer;
pub(crate) mod comparison;
pub(crate) mod copy_button;
pub(crate) mod decoded;
pub(crate) mod examples;
pub(crate) mod fact_fields;
pub(crate) mod facts_form;
pub(crate) mod findings;
pub(crate) mod flow;
pub(crate) mod header;
pub(crate) mod icon;
pub(crate) mod input_box;
pub(crate) mod inputs_pane;
pub(crate) mod ladder;
pub(crate) mod now_control;
pub(crate) mod pods;
pub(crate) mod prose;
pub(crate) mod reach;
pub(crate) mod states;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod timeline;
pub(crate) mod timeline_table;
pub(crate) mod token_review;
pub(crate) mod trust_facts;
pub(crate) mod values;
pub(crate) mod verdicts;
pub(crate) mod what_if;
