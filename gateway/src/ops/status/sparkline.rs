//! A row of numbers as a small SVG line with its extremes in words. The drawing has no text, so the caption
//! says what it shows.

use super::limits::SAMPLES_MAX;
use std::fmt::Write as _;

/// The height of the drawing. Its width is one unit a sample.
const HEIGHT: f64 = 60.0;
/// The space above and below the line, so that its width is not cut off.
const MARGIN: f64 = 3.0;

/// Draws the last hour, the newest sample at the right. A gap is an interval without a value. The label says
/// what the numbers are.
pub(super) fn sparkline(label: &str, unit: &str, values: &[Option<f64>]) -> String {
    let highest = values.iter().flatten().copied().fold(0.0, f64::max);
    let y = |value: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * value / highest.max(f64::MIN_POSITIVE);
    let begin = SAMPLES_MAX.saturating_sub(values.len());
    let (mut path, mut is_drawing) = (String::new(), false);
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let command = if is_drawing { 'L' } else { 'M' };
            // Writing to a string cannot fail. `h1` shows a value that stands alone.
            let _ = write!(path, "{command}{} {:.1}", begin + at, y(*value));
            if !is_drawing {
                path.push_str("h1");
            }
        }
        is_drawing = value.is_some();
    }
    let words = words(values, unit);
    format!(
        "<figure><svg role=\"img\" aria-label=\"{label} in the last hour: {words}\" \
         viewBox=\"0 0 {SAMPLES_MAX} {HEIGHT}\" preserveAspectRatio=\"none\"><path d=\"{path}\"/></svg>\
         <figcaption><b>{label}</b> {words}</figcaption></figure>\n"
    )
}

/// The extremes and the newest value in words.
fn words(values: &[Option<f64>], unit: &str) -> String {
    let known = || values.iter().flatten().copied();
    let (lowest, highest) = (known().reduce(f64::min), known().reduce(f64::max));
    let (Some(lowest), Some(highest)) = (lowest, highest) else { return "no values yet".to_owned() };
    let last = match values.last().copied().flatten() {
        Some(last) => format!("last {}{unit}", figure(last)),
        None => "none at the end".to_owned(),
    };
    format!("lowest {}{unit}, highest {}{unit}, {last}", figure(lowest), figure(highest))
}

/// A number with one decimal where it is small, and groups of three digits.
pub(super) fn figure(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_ends_at_the_right_and_a_gap_begins_it_again() {
        let drawn = sparkline("Answers", " ms", &[Some(0.0), None, Some(10.0), Some(5.0)]);
        assert!(drawn.contains("d=\"M356 57.0h1M358 3.0h1L359 30.0\""), "{drawn}");
        let words = "lowest 0 ms, highest 10 ms, last 5 ms";
        assert!(drawn.contains(&format!("aria-label=\"Answers in the last hour: {words}\"")), "{drawn}");
        assert!(drawn.contains(&format!("<b>Answers</b> {words}</figcaption>")), "{drawn}");
    }

    #[test]
    fn nothing_and_zeros_are_drawn_too() {
        assert!(sparkline("Refused", "", &[]).contains("no values yet"));
        assert!(sparkline("Refused", "", &[None]).contains("no values yet"));
        let zeros = sparkline("Refused", "", &[Some(0.0)]);
        assert!(zeros.contains("d=\"M359 57.0h1\"") && zeros.contains("highest 0, last 0"), "{zeros}");
        let ended = sparkline("Refused", "", &[Some(1.0), None]);
        assert!(ended.contains("none at the end"), "{ended}");
    }

    #[test]
    fn large_figures_have_groups_and_small_ones_a_decimal() {
        for (value, expected) in [
            (0.0, "0"),
            (0.26, "0.3"),
            (99.5, "99.5"),
            (100.4, "100"),
            (1_000.0, "1,000"),
            (12_345_678.0, "12,345,678"),
        ] {
            assert_eq!(figure(value), expected);
        }
    }
}
