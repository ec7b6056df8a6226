//! A report as one HTML file: no script, nothing fetched from anywhere, dark and light by what the reader prefers, fit for paper.
//!
//! Text goes through `maud`, which escapes it wherever it stands; the only text that does not is the style sheet. The content security
//! policy in the head forbids scripts and every request, so that a fault in the writer could not become one in the reader.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::model::{Block, Cell, Plot, Report, Table};
use super::plot;
use super::text::{ending, grouped, percent, plain, visible};
use crate::artefact::verify::Ending;
use crate::epoch::standing::NOTICE;

const STYLE: &str = include_str!("html/style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes it.
#[must_use]
pub fn render(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (visible(&report.title)) ": " (visible(&report.subtitle)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.brand { "Radio Payouts" }
                    h1 { (visible(&report.title)) }
                    p.subtitle { (visible(&report.subtitle)) }
                    @if report.is_provisional { p.notice role="note" { (NOTICE) } }
                    @if let Some((how, words)) = &report.ending {
                        p class={ "ending " (class(*how)) } role="status" { strong { (ending(*how)) } " " (visible(words)) }
                    }
                    nav aria-label="Sections" {
                        ol {
                            @for (number, section) in report.sections.iter().enumerate() {
                                li { a href={ "#section-" (number + 1) } { (visible(&section.title)) } }
                            }
                        }
                    }
                }
                main {
                    @for (number, section) in report.sections.iter().enumerate() {
                        section id={ "section-" (number + 1) } {
                            h2 { (visible(&section.title)) }
                            @for block in &section.blocks {
                                @match block {
                                    Block::Text(words) => p { (visible(words)) },
                                    Block::Table(rows) => (table(rows)),
                                    Block::Plot(drawn) => (figure(drawn)),
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn table(table: &Table) -> Markup {
    html! {
        div.table {
            table {
                caption { (visible(&table.caption)) }
                @if table.rows.is_empty() {
                    tbody { tr { td.none { "None." } } }
                } @else {
                    thead {
                        tr {
                            @for (column, head) in table.heads.iter().enumerate() {
                                th.number[table.is_numeric(column)] scope="col" { (visible(head)) }
                            }
                        }
                    }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                @for (column, cell) in row.iter().enumerate() {
                                    td.number[table.is_numeric(column)] { (value(cell)) }
                                }
                            }
                        }
                    }
                }
            }
            @if !table.source.is_empty() { p.source { "Source: " (visible(&table.source)) } }
        }
    }
}

fn figure(drawn: &Plot) -> Markup {
    let values = drawn.to_table();
    html! {
        figure {
            figcaption { (visible(&drawn.title)) }
            (plot::draw(drawn))
            details {
                summary { "The same as a table" }
                (table(&values))
            }
            p.source { "Source: " (visible(&drawn.source)) }
        }
    }
}

fn value(cell: &Cell) -> Markup {
    let exact = plain(cell);
    html! {
        @match cell {
            Cell::Code(_) => code { (exact) },
            Cell::Number(_) | Cell::Bloom(_) => data value=(exact) { (grouped(&exact)) },
            Cell::Bps(bps) => data value=(bps) { (percent(*bps)) },
            Cell::Ending(how) => span class=(class(*how)) { (exact) },
            Cell::Text(_) | Cell::Factor(_) | Cell::Empty => (exact),
        }
    }
}

const fn class(ending: Ending) -> &'static str {
    match ending {
        Ending::Equal => "equal",
        Ending::Differs => "differs",
        Ending::NotChecked => "unchecked",
    }
}
