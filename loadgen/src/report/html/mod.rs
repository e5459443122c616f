//! The report of a run as one self-contained HTML file with plots.

use crate::report::{RunReport, SecondReport};
use std::fmt::Write as _;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 220.0;

/// Returns the report as an HTML page.
#[must_use]
pub fn page(report: &RunReport) -> String {
    let mut page = String::from(
        "<!doctype html><meta charset=\"utf-8\"><title>loadgen</title><style>body{font:16px/1.5 system-ui;\
         max-width:860px;margin:2rem auto;padding:0 1rem}svg{width:100%;background:#f6f6f6}pre{background:#f6f6f6;\
         padding:1rem;overflow:auto}</style>",
    );
    let _ = write!(page, "<h1>{}</h1><pre>{}</pre>", escape(&report.asked.scenario), escape(&report.text()));
    #[expect(clippy::cast_precision_loss, reason = "a plot")]
    let (offered, acknowledged) =
        (|second: &SecondReport| second.offered as f64, |second: &SecondReport| second.acknowledged as f64);
    let lines: [PlotLine<'_>; 2] =
        [("offered", "#777777", &offered), ("acknowledged", "#0a7a34", &acknowledged)];
    plot(&mut page, "Check-ins a second", &report.seconds, &lines);
    let (p50, p99) = (|second: &SecondReport| second.p50_ms, |second: &SecondReport| second.p99_ms);
    let lines: [PlotLine<'_>; 2] = [("p50", "#1f5fbf", &p50), ("p99", "#c4161c", &p99)];
    plot(&mut page, "Response time from the intended time, ms", &report.seconds, &lines);
    page
}

type PlotLine<'a> = (&'a str, &'a str, &'a dyn Fn(&SecondReport) -> f64);

fn plot(page: &mut String, title: &str, seconds: &[SecondReport], lines: &[PlotLine<'_>]) {
    let values = seconds.iter().flat_map(|second| lines.iter().map(move |(.., value)| value(second)));
    let highest = values.fold(1e-9, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a plot")]
    let last = seconds.last().map_or(1.0, |second| second.second.max(1) as f64);
    let _ = write!(
        page,
        "<h2>{title}</h2><svg viewBox=\"-60 -10 {} {}\" role=\"img\" aria-label=\"{title}\">\
         <text x=\"-6\" y=\"10\" text-anchor=\"end\" font-size=\"12\">{highest:.1}</text>\
         <text x=\"-6\" y=\"{HEIGHT}\" text-anchor=\"end\" font-size=\"12\">0</text>\
         <text x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\" font-size=\"12\">{last:.0} s</text>",
        WIDTH + 80.0,
        HEIGHT + 40.0,
        HEIGHT + 18.0,
    );
    for (number, (name, ink, value)) in (0_u8..).zip(lines) {
        let points = points(seconds, value, last, highest);
        let _ = write!(
            page,
            "<polyline fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\" points=\"{points}\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"{ink}\" font-size=\"13\">{name}</text>",
            10 + 80 * u32::from(number),
            HEIGHT + 18.0,
        );
    }
    page.push_str("</svg>");
}

fn points(seconds: &[SecondReport], value: &dyn Fn(&SecondReport) -> f64, last: f64, highest: f64) -> String {
    let point = |second: &SecondReport| {
        #[expect(clippy::cast_precision_loss, reason = "a plot")]
        let x = second.second as f64 / last * WIDTH;
        format!("{x:.1},{:.1}", HEIGHT - value(second) / highest * HEIGHT)
    };
    seconds.iter().map(point).collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
