//! Plots as SVG inside of HTML: axes with units, labels, colours by class so that both themes and paper have their own. Integers only.

use maud::{Markup, html};

use super::model::{Plot, Shape, Unit};
use super::text::{grouped, percent, plain, short, visible};

const WIDTH: u128 = 760;
/// Height of what columns and lines are drawn in.
const HEIGHT: u128 = 200;
const LEFT: u128 = 76;
const TOP: u128 = 26;
const BOTTOM: u128 = 42;
/// Space for the names of bars.
const NAMES: u128 = 250;
/// Space for the values of bars.
const VALUES: u128 = 120;
const ROW: u128 = 26;
/// Series have their own colours up to here, then they begin again.
const COLOURS: usize = 7;

/// Draws it.
#[must_use]
pub fn draw(plot: &Plot) -> Markup {
    match plot.shape {
        Shape::Columns | Shape::Lines => upright(plot),
        Shape::Bars => lying(plot),
    }
}

/// The least 1, 2 or 5 times a power of ten of which at most five cover `max`.
fn step(max: u128) -> u128 {
    let steps = (0..38).flat_map(|power| [1, 2, 5].map(|lead| lead * 10u128.pow(power)));
    steps.into_iter().find(|step| max <= step * 5).unwrap_or(max.max(1))
}

/// What values are divided by, and the name of the unit then.
fn scale(unit: Unit, max: u128) -> (u128, &'static str) {
    match unit {
        Unit::Bytes => match max {
            0..1_000 => (1, "B"),
            1_000..1_000_000 => (1_000, "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            1_000_000_000..1_000_000_000_000 => (1_000_000_000, "GB"),
            _ => (1_000_000_000_000, "TB"),
        },
        // Below a ten-thousandth the decimals would be longer than the number.
        Unit::Bloom if max < 100_000 => (1, "base units"),
        Unit::Bloom => (1_000_000_000, "BLOOM"),
        Unit::Bps => (100, "%"),
        Unit::Milliseconds if max < 10_000 => (1, "ms"),
        Unit::Milliseconds => (1_000, "s"),
        Unit::Seconds => (1, "s"),
        Unit::Count(what) => (1, what),
    }
}

/// A value in scaled units, exact.
fn scaled(value: u128, factor: u128) -> String {
    let digits = factor.to_string().len() - 1;
    let rest = format!("{:0digits$}", value % factor);
    let rest = if digits == 0 { "" } else { rest.trim_end_matches('0') };
    let whole = value / factor;
    if rest.is_empty() { grouped(&whole.to_string()) } else { grouped(&format!("{whole}.{rest}")) }
}

fn class(series: usize) -> String {
    format!("c{}", series % COLOURS)
}

/// What one mark says when it is pointed at, and to a screen reader.
fn said(plot: &Plot, name: &str, series: usize, value: u128) -> String {
    let unit = match plot.unit {
        Unit::Bytes => " bytes",
        Unit::Bloom => " BLOOM",
        Unit::Milliseconds => " ms",
        Unit::Seconds => " s",
        Unit::Bps => "",
        Unit::Count(what) => what,
    };
    let space = if matches!(plot.unit, Unit::Count(_)) { " " } else { "" };
    let value = plain(&plot.cell(value));
    match plot.series.get(series).filter(|_| plot.series.len() > 1) {
        Some(of) => visible(&format!("{name}, {of}: {value}{space}{unit}")),
        None => visible(&format!("{name}: {value}{space}{unit}")),
    }
}

fn upright(plot: &Plot) -> Markup {
    let is_stacked = plot.shape == Shape::Columns;
    let of_point = |values: &[u128]| {
        if is_stacked { values.iter().sum() } else { values.iter().copied().max().unwrap_or_default() }
    };
    let max: u128 = plot.points.iter().map(|(_, values)| of_point(values)).max().unwrap_or_default();
    let step = step(max);
    let top = step * max.div_ceil(step).max(1);
    let (factor, unit) = scale(plot.unit, max);
    let height = |value: u128| value * HEIGHT / top;
    let count = (plot.points.len() as u128).max(1);
    let inner = WIDTH - LEFT - 12;
    let slot = |place: u128| LEFT + inner * place / count;
    let middle = |place: u128| (slot(place) + slot(place + 1)) / 2;
    // At most so many names that they do not overlap.
    let longest = plot.points.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(1) as u128;
    let every = (count * (longest * 8 + 10)).div_ceil(inner).max(1);
    let width = (inner / count * 7 / 10).clamp(1, 72);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (TOP + HEIGHT + BOTTOM) } role="img" aria-label=(visible(&plot.title)) {
            text.unit x="2" y="14" { (unit) }
            @for tick in 0..=(top / step) {
                @let y = TOP + HEIGHT - height(tick * step);
                line class=(if tick == 0 { "axis" } else { "grid" }) x1=(LEFT) x2=(WIDTH - 12) y1=(y) y2=(y) {}
                text.tick x=(LEFT - 8) y=(y + 4) text-anchor="end" { (scaled(tick * step, factor)) }
            }
            @for (place, (name, values)) in (0u128..).zip(&plot.points) {
                @if is_stacked {
                    @for (series, value) in values.iter().enumerate() {
                        @let below: u128 = values.iter().take(series).sum();
                        @let (low, high) = (height(below), height(below + value));
                        @if *value > 0 {
                            rect class=(class(series)) x=(middle(place) - width / 2) y=(TOP + HEIGHT - high) width=(width) height=((high - low).max(1)) {
                                title { (said(plot, name, series, *value)) }
                            }
                        }
                    }
                }
                @if place.is_multiple_of(every) {
                    text.tick x=(middle(place)) y=(TOP + HEIGHT + 18) text-anchor="middle" { (visible(name)) }
                }
            }
            @if !is_stacked {
                @for series in 0..plot.series.len() {
                    @let value = |values: &[u128]| values.get(series).copied().unwrap_or_default();
                    polyline class={ "line " (class(series)) } points=(
                        (0u128..).zip(&plot.points)
                            .map(|(place, (_, values))| format!("{},{} ", middle(place), TOP + HEIGHT - height(value(values))))
                            .collect::<String>()
                    ) {}
                    @for (place, (name, values)) in (0u128..).zip(&plot.points) {
                        circle class=(class(series)) cx=(middle(place)) cy=(TOP + HEIGHT - height(value(values))) r="3" {
                            title { (said(plot, name, series, value(values))) }
                        }
                    }
                }
            }
            text.unit x=(LEFT + inner / 2) y=(TOP + HEIGHT + BOTTOM - 4) text-anchor="middle" { (visible(&plot.axis)) }
        }
        (legend(plot))
    }
}

fn lying(plot: &Plot) -> Markup {
    let sum = |values: &[u128]| values.iter().sum::<u128>();
    let max = plot.points.iter().map(|(_, values)| sum(values)).max().unwrap_or_default().max(1);
    // A share is shown as part of the whole, not of the largest.
    let max = if plot.unit == Unit::Bps { max.max(10_000) } else { max };
    let step = step(max);
    let top = if plot.unit == Unit::Bps { max } else { step * max.div_ceil(step) };
    let (factor, unit) = scale(plot.unit, max);
    let inner = WIDTH - NAMES - VALUES;
    let length = |value: u128| value * inner / top;
    let bottom = TOP + ROW * plot.points.len() as u128;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (bottom + BOTTOM) } role="img" aria-label=(visible(&plot.title)) {
            text.unit x="2" y="14" { (visible(&plot.axis)) }
            @for tick in 0..=(top / step) {
                @let x = NAMES + length(tick * step);
                line class=(if tick == 0 { "axis" } else { "grid" }) x1=(x) x2=(x) y1=(TOP - 4) y2=(bottom) {}
                text.tick x=(x) y=(bottom + 16) text-anchor="middle" { (scaled(tick * step, factor)) }
            }
            @for (place, (name, values)) in (0u128..).zip(&plot.points) {
                @let y = TOP + ROW * place;
                text.name x=(NAMES - 8) y=(y + 16) text-anchor="end" { (short(&visible(name), 32)) title { (visible(name)) } }
                @for (series, value) in values.iter().enumerate() {
                    @let below = sum(values.get(..series).unwrap_or_default());
                    @if *value > 0 {
                        rect class=(class(series)) x=(NAMES + length(below)) y=(y + 3)
                            width=((length(below + value) - length(below)).max(1)) height=(ROW - 8) {
                            title { (said(plot, name, series, *value)) }
                        }
                    }
                }
                text.value x=(NAMES + length(sum(values)) + 6) y=(y + 16) {
                    @if plot.unit == Unit::Bps { (percent(sum(values))) } @else { (grouped(&plain(&plot.cell(sum(values))))) }
                }
            }
            text.unit x=(NAMES + inner / 2) y=(bottom + BOTTOM - 8) text-anchor="middle" { (unit) }
        }
        (legend(plot))
    }
}

fn legend(plot: &Plot) -> Markup {
    html! {
        @if plot.series.len() > 1 {
            ul.legend {
                @for (series, name) in plot.series.iter().enumerate() {
                    li { span class={ "swatch " (class(series)) } {} (visible(name)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_largest() {
        for (max, expected) in [(0, 1), (1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (999, 200), (1_001, 500)] {
            assert_eq!(step(max), expected, "{max}");
        }
        assert!(step(u128::from(u64::MAX)) * 5 >= u128::from(u64::MAX));
    }

    #[test]
    fn scaled_values_are_exact() {
        assert_eq!(scaled(1_500, 1_000), "1.5");
        assert_eq!(scaled(2_000_000, 1_000_000), "2");
        assert_eq!(scaled(0, 1_000), "0");
        assert_eq!(scaled(7, 1), "7");
        assert_eq!(scaled(20_000_000_000, 1_000_000_000), "20");
        assert_eq!(scale(Unit::Bloom, 99_999), (1, "base units"));
        assert_eq!(scale(Unit::Bloom, 10_000_000), (1_000_000_000, "BLOOM"));
        assert_eq!(scale(Unit::Milliseconds, 9_999).1, "ms");
    }

    #[test]
    fn a_plot_of_anything_is_drawn() {
        for shape in [Shape::Columns, Shape::Bars, Shape::Lines] {
            for values in [vec![], vec![0], vec![u128::from(u64::MAX), 1]] {
                let plot = Plot {
                    title: "t".into(),
                    source: "s".into(),
                    shape,
                    axis: "a".into(),
                    unit: Unit::Bytes,
                    series: values.iter().map(|value| value.to_string()).collect(),
                    points: vec![("</text><script>".into(), values.clone()); values.len()],
                };
                let drawn = draw(&plot).into_string();
                assert!(drawn.starts_with("<svg ") && !drawn.contains("<script"), "{drawn}");
            }
        }
    }
}
