//! How SFUs and the settler did: batches, gaps, late and rejected ones, windows covered, stages, posts.

use super::model::{Report, Section};
use super::{Gathered, Local};
use crate::outcome::{Failure, Outcome};

mod posts;
mod sfus;
mod stages;

/// Makes the report.
///
/// # Errors
/// Exit 2 if it is asked about a contributor; if a file is damaged or the chain is away.
pub fn report(gathered: &Gathered, local: &Local<'_>) -> Outcome<Report> {
    if gathered.did.is_some() {
        return Err(Failure::usage(
            "a performance report is about SFUs and the settler: --did is for contribution and payout",
        ));
    }
    let mut sections: Vec<Section> = vec![gathered.about()?];
    sections.extend(sfus::sections(gathered)?);
    sections.push(stages::section(gathered, local)?);
    sections.extend(posts::sections(gathered, local)?);
    Ok(Report {
        title: "Performance report".to_owned(),
        subtitle: gathered.subtitle(),
        is_provisional: gathered.is_provisional(),
        ending: None,
        sections,
    })
}
