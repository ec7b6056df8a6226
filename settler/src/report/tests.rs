//! Text of others in every place of a report at which text can stand: it stays text in both forms.

use super::model::{Cell, Plot, Report, Section, Shape, Table, Unit};
use super::{html, markdown};
use crate::artefact::verify::Ending;

const HOSTILE: &str =
    "</style></title>\"'><script>x</script> | [a](javascript:b) `c` **d** \u{202e}e\n# f https://evil.example";

/// A report that is nothing but hostile text.
fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    let mut table = Table::new(text(), text(), &[HOSTILE, HOSTILE]);
    table.row([Cell::Text(text()), Cell::Code(text())]);
    let mut section = Section::new(text());
    section.text(text()).text("- no list").text("1. no list").table(table);
    for shape in [Shape::Columns, Shape::Bars, Shape::Lines] {
        section.plot(Plot {
            title: text(),
            source: text(),
            shape,
            axis: text(),
            unit: Unit::Bytes,
            series: vec![text(), text()],
            points: vec![(text(), vec![1, 2]), (text(), vec![3, 4])],
        });
    }
    Report {
        title: text(),
        subtitle: text(),
        is_provisional: true,
        ending: Some((Ending::Differs, text())),
        sections: vec![section],
    }
}

#[test]
fn html_has_only_its_own_elements_and_fetches_nothing() {
    let page = html::render(&hostile());
    for bad in ["<script", "</style></title>", "\u{202e}", "\"'><"] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert_eq!(page.matches("</title>").count(), page.matches("<title>").count());
    assert!(page.contains("default-src 'none'"), "nothing can be fetched");
    assert!(!page.contains("url(") && !page.contains("@import"));
    let opened =
        |element: &str| page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
    for element in ["table", "tr", "td", "th", "figure", "section", "svg", "details", "p", "code"] {
        assert_eq!(opened(element), page.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn every_plot_has_axes_a_unit_a_text_and_a_table() {
    let page = html::render(&hostile());
    assert_eq!(page.matches("<svg ").count(), 3);
    assert_eq!(page.matches("role=\"img\" aria-label=").count(), 3);
    assert_eq!(page.matches("class=\"axis\"").count(), 3);
    assert_eq!(page.matches("class=\"unit\"").count(), 6, "two axes are named in each");
    assert_eq!(page.matches("<details>").count(), 3);
    assert_eq!(page.matches("<caption>").count(), 4);
}

#[test]
fn markdown_has_only_its_own_marks() {
    let text = markdown::render(&hostile());
    assert!(!text.contains('\u{202e}'));
    let mut rest = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
        } else {
            rest.push(character);
        }
    }
    for bad in ["<", "`", "[", "](", "://"] {
        assert!(!rest.contains(bad), "{bad}: {rest}");
    }
    // One title, one section; every other `#` is escaped.
    assert_eq!(rest.lines().filter(|line| line.starts_with('#')).count(), 2, "{rest}");
    assert_eq!(rest.matches("**").count() % 2, 0);
    for line in rest.lines().filter(|line| line.starts_with('|')) {
        assert!([3, 4].contains(&line.matches('|').count()), "{line}");
    }
    assert!(!text.lines().any(|line| line.starts_with("- ") || line.starts_with("1. ")), "{text}");
}

#[test]
fn an_escaped_text_reads_as_it_was() {
    for (text, escaped) in [
        ("plain words, 12.5 (and more)", "plain words, 12.5 (and more)"),
        ("a|b", "a\\|b"),
        ("*x*_y_", "\\*x\\*\\_y\\_"),
        ("http://a", "http\\://a"),
        ("www.a.b", "www\\.a.b"),
        ("a@b", "a\\@b"),
        ("\\", "\\\\"),
    ] {
        assert_eq!(markdown::escape(text), escaped);
    }
}
