//! The report of a run as one self-contained HTML file: verdict, figures, plots, set-up. The file loads
//! nothing.

mod figures;
mod plot;
mod plots;

use self::figures::{FigureTable, FigureTile};
use self::plots::PagePlot;
use super::RunReport;
use askama::Template;
use scangate_core::time::Timestamp;

/// The page. The template escapes every text; only the elements of the plots are markup.
#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    report: &'a RunReport,
    began: String,
    reasons: Vec<String>,
    tiles: Vec<FigureTile>,
    tables: Vec<FigureTable>,
    set_up: FigureTable,
    plots: Vec<PagePlot>,
    width: u32,
    height: u32,
}

/// A time for a reader, to the second.
fn date(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('.').map_or(text.as_str(), |(seconds, _)| seconds).replace('T', " ") + " UTC"
}

/// Returns the report as an HTML page. **Errors**: a plot could not be drawn.
pub fn page(report: &RunReport) -> anyhow::Result<String> {
    let (width, height) = plot::SIZE;
    let page = ReportPage {
        report,
        began: date(report.began),
        reasons: report.reasons(),
        tiles: figures::tiles(report),
        tables: figures::tables(report),
        set_up: figures::set_up(report),
        plots: plots::plots(report)?,
        width,
        height,
    };
    Ok(page.render()?)
}

#[cfg(test)]
mod tests;
