//! The plots of a page: rates, latencies, percentiles, errors, and the gateway's own metrics.

use super::plot::{LINES_MAX, PlotAxis, PlotLine, PlotScale, draw};
use crate::report::{PercentilePoint, RunReport, SecondReport};
use std::collections::{BTreeMap, BTreeSet};

/// The most points of a line over time. Further seconds share a point.
const POINTS_MAX: usize = 600;

/// A plot as the page shows it.
pub(super) struct PagePlot {
    /// The plot's name in the page, for references.
    pub(super) id: &'static str,
    /// The title.
    pub(super) title: &'static str,
    /// A sentence about the contents.
    pub(super) description: String,
    /// The names of the lines, in the order of their colours.
    pub(super) legend: Vec<String>,
    /// The elements inside of the SVG. They hold no text that a gateway could have chosen.
    pub(super) svg: String,
}

/// How the values of seconds that share a point become one.
#[derive(Clone, Copy)]
enum PointFold {
    Mean,
    Highest,
}

/// The seconds of a report on an axis of time.
struct PlotTime<'a> {
    report: &'a RunReport,
    /// The runs whose seconds were added.
    runs: f64,
    /// The seconds of each point.
    step: usize,
    axis: PlotAxis,
    /// The seconds in a unit of the axis.
    unit_s: f64,
}

impl<'a> PlotTime<'a> {
    fn new(report: &'a RunReport) -> Self {
        let seconds = report.seconds.len();
        let (label, unit_s) = match seconds {
            0..900 => ("time since the start, s", 1.0),
            900..18_000 => ("time since the start, minutes", 60.0),
            _ => ("time since the start, hours", 3_600.0),
        };
        let axis = PlotAxis { label, scale: PlotScale::Time };
        let runs = count(report.repeats.len().max(1) as u64);
        Self { report, runs, step: seconds.div_ceil(POINTS_MAX).max(1), axis, unit_s }
    }

    fn line(&self, name: &str, fold: PointFold, of: impl Fn(&SecondReport) -> Option<f64>) -> PlotLine {
        let point = |seconds: &[SecondReport]| {
            let values: Vec<f64> = seconds.iter().filter_map(&of).collect();
            let value = match fold {
                _ if values.is_empty() => None,
                PointFold::Mean => Some(values.iter().sum::<f64>() / count(values.len() as u64)),
                PointFold::Highest => values.into_iter().reduce(f64::max),
            };
            (count(seconds.first().map_or(0, |second| second.second)) / self.unit_s, value)
        };
        PlotLine {
            name: name.to_owned(),
            width: 2,
            points: self.report.seconds.chunks(self.step).map(point).collect(),
        }
    }

    /// A line of scans in each second, as the mean of all runs.
    fn counts(&self, name: &str, of: impl Fn(&SecondReport) -> u64) -> PlotLine {
        self.line(name, PointFold::Mean, |second| Some(count(of(second)) / self.runs))
    }

    /// The same without a second that the run did not fill.
    fn rate(&self, name: &str, of: impl Fn(&SecondReport) -> u64) -> PlotLine {
        let value = |second: &SecondReport| count(of(second)) / self.runs;
        self.line(name, PointFold::Mean, |second| (!self.is_rest(second)).then(|| value(second)))
    }

    /// Whether only the last answers came in this second, because the plan had ended. The run does not fill
    /// such a second, so its count would look like a lower rate.
    fn is_rest(&self, second: &SecondReport) -> bool {
        let last = self.report.seconds.last().map(|last| last.second);
        last == Some(second.second) && count(second.second) >= self.report.asked.seconds
    }

    fn described(&self, words: &str) -> String {
        let points = match self.step {
            1 => "Each point is one second".to_owned(),
            step => format!("Each point covers {step} seconds"),
        };
        match self.report.repeats.len() {
            0 | 1 => format!("{words} {points}."),
            runs => format!("{words} {points} of all {runs} runs."),
        }
    }

    fn plot(
        &self,
        (id, title, words): (&'static str, &'static str, &str),
        y: PlotAxis,
        lines: &[PlotLine],
    ) -> anyhow::Result<PagePlot> {
        let svg = draw(self.axis, y, lines)?;
        let legend = lines.iter().map(|line| line.name.clone()).collect();
        Ok(PagePlot { id, title, description: self.described(words), legend, svg })
    }
}

/// All plots of a report. Those of errors and of the gateway's metrics are left out if there are none.
/// **Errors**: the drawing library failed.
pub(super) fn plots(report: &RunReport) -> anyhow::Result<Vec<PagePlot>> {
    let time = PlotTime::new(report);
    let mut plots = vec![rates(&time)?, latencies(&time)?, percentiles(report)?];
    plots.extend(errors(&time)?);
    if report.seconds.iter().any(|second| second.server_cpu_cores.is_some()) {
        plots.extend([server_cpu(&time)?, backlog(&time)?, fsyncs(&time)?]);
    }
    Ok(plots)
}

fn linear(label: &'static str) -> PlotAxis {
    PlotAxis { label, scale: PlotScale::Linear }
}

fn milliseconds(label: &'static str) -> PlotAxis {
    PlotAxis { label, scale: PlotScale::Logarithmic }
}

fn rates(time: &PlotTime<'_>) -> anyhow::Result<PagePlot> {
    let words = "The scans that the plan offered in each second, and the answers that acknowledged one.";
    let mut offered = time.rate("offered", |second| second.offered);
    offered.width = 7;
    let answered = time.rate("acknowledged", |second| second.acknowledged);
    let lines = [offered, answered];
    time.plot(("rates", "Offered and answered rate", words), linear("scans per second"), &lines)
}

fn latencies(time: &PlotTime<'_>) -> anyhow::Result<PagePlot> {
    let words = "The response time of acknowledged scans, from the intended time to the answer.";
    let of = |value: fn(&SecondReport) -> f64| {
        move |second: &SecondReport| (second.acknowledged > 0).then(|| value(second))
    };
    let lines = [
        time.line("p50", PointFold::Mean, of(|second| second.p50_ms)),
        time.line("p99", PointFold::Highest, of(|second| second.p99_ms)),
        time.line("max", PointFold::Highest, of(|second| second.max_ms)),
    ];
    time.plot(("latencies", "Response time", words), milliseconds("response time, ms"), &lines)
}

fn percentiles(report: &RunReport) -> anyhow::Result<PagePlot> {
    let line = |name: &str, points: &[PercentilePoint]| {
        let points = points.iter().map(|point| (point.percentile, Some(point.ms))).collect();
        PlotLine { name: name.to_owned(), width: 2, points }
    };
    let lines = [
        line("response, from the intended time", &report.response_percentiles),
        line("service, from the sending", &report.service_percentiles),
    ];
    let axis = PlotAxis { label: "percentile of the scans", scale: PlotScale::Percentiles };
    Ok(PagePlot {
        id: "percentiles",
        title: "Latency by percentile",
        description:
            "The time within which this share of the scans was answered, over the whole run. A line \
                      ends where the run has too few scans for a higher percentile."
                .to_owned(),
        legend: lines.iter().map(|line| line.name.clone()).collect(),
        svg: draw(axis, milliseconds("latency, ms"), &lines)?,
    })
}

/// The classes in which scans of a second ended without an acknowledgement, by name.
fn error_classes(second: &SecondReport) -> BTreeMap<String, u64> {
    let mut classes = BTreeMap::new();
    classes.extend(second.refused.iter().map(|(code, count)| (format!("refused: {code}"), *count)));
    classes.extend(second.broken.iter().map(|(cause, count)| (format!("broken: {cause}"), *count)));
    let others = [("unanswered", second.unanswered), ("not sent", second.not_sent)];
    classes.extend(
        others.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count)),
    );
    classes
}

fn errors(time: &PlotTime<'_>) -> anyhow::Result<Option<PagePlot>> {
    let seconds = &time.report.seconds;
    let names: BTreeSet<String> =
        seconds.iter().flat_map(|second| error_classes(second).into_keys()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let of = |second: &SecondReport, name: &str| error_classes(second).get(name).copied().unwrap_or_default();
    // The last colour stands for all further classes, of which a broken gateway may have many.
    let own = if names.len() > LINES_MAX { LINES_MAX - 1 } else { names.len() };
    let (own, others): (Vec<_>, Vec<_>) = names.iter().enumerate().partition(|(number, _)| *number < own);
    let line = |(_, name): &(usize, &String)| time.counts(name, |second| of(second, name));
    let mut lines: Vec<PlotLine> = own.iter().map(line).collect();
    if !others.is_empty() {
        let sum = |second: &SecondReport| others.iter().map(|(_, name)| of(second, name)).sum();
        lines.push(time.counts("other classes", sum));
    }
    let words = "The scans that ended in each second without an acknowledgement, by class.";
    time.plot(("errors", "Errors by class", words), linear("scans per second"), &lines).map(Some)
}

fn server_cpu(time: &PlotTime<'_>) -> anyhow::Result<PagePlot> {
    let words = "The CPU time of the gateway's process a second. A value of 2 means two busy cores.";
    let line = time.line("gateway", PointFold::Mean, |second| second.server_cpu_cores);
    time.plot(("server-cpu", "Server CPU", words), linear("busy cores"), &[line])
}

fn backlog(time: &PlotTime<'_>) -> anyhow::Result<PagePlot> {
    let words = "The check-ins in the journal that the trail store did not have yet.";
    let line = time.line("check-ins that wait", PointFold::Highest, |second| second.backlog);
    time.plot(("backlog", "Journal backlog", words), linear("check-ins"), &[line])
}

fn fsyncs(time: &PlotTime<'_>) -> anyhow::Result<PagePlot> {
    let words = "The mean time of the journal's fsyncs, each of which makes a group of check-ins durable.";
    let line = time.line("mean fsync", PointFold::Mean, |second| second.fsync_ms);
    time.plot(("fsyncs", "Journal fsync", words), linear("fsync, ms"), &[line])
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}
