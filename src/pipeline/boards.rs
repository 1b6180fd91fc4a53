//! The journey of dashboards and alarms: fill them in, put them.

use super::Error;
use crate::aws::{Access, Connection};
use crate::setup::metrics::{
    Alarm, Dashboard, Placeholders, alarms, dashboards, put_alarm, put_dashboard,
};

/// The dashboards and alarms of an account.
#[derive(Debug, Clone)]
pub struct Boards {
    /// The dashboards.
    pub dashboards: Vec<Dashboard>,
    /// The alarms.
    pub alarms: Vec<Alarm>,
}

/// How to put them.
#[derive(Debug, Clone)]
pub struct PutBoards {
    /// How `CloudWatch` is reached.
    pub access: Access,
    /// The topic that alarms tell.
    pub topic: Option<String>,
}

/// What came of putting them.
#[derive(Debug, Clone, Default)]
pub struct BoardsPut {
    /// What `CloudWatch` remarked on dashboards that it took.
    pub remarks: Vec<String>,
    /// What could not be put, why, and what to do about it.
    pub failures: Vec<(String, String, Option<String>)>,
}

/// The Region of this access.
///
/// # Errors
/// When there is no way to AWS, or nobody named a Region.
pub fn region_of(access: &Access) -> Result<String, Error> {
    let aws = Connection::open(access).map_err(Error::Aws)?;
    aws.region().map(str::to_owned).ok_or(Error::NoRegion)
}

/// The dashboards and alarms, filled in.
///
/// # Errors
/// Never for the files that come with the tool.
pub fn boards(placeholders: &Placeholders) -> Result<Boards, Error> {
    let dashboards = dashboards(placeholders).map_err(Error::Json)?;
    Ok(Boards { dashboards, alarms: alarms(placeholders).map_err(Error::Json)? })
}

/// Puts each; one that fails doesn't stop the others.
///
/// # Errors
/// When there is no way to AWS.
pub fn put_boards(request: &PutBoards, boards: &Boards) -> Result<BoardsPut, Error> {
    let aws = Connection::open(&request.access).map_err(Error::Aws)?;
    let mut put = BoardsPut::default();
    let mut failed = |name: &str, error: crate::aws::Error| {
        put.failures.push((name.to_owned(), error.to_string(), error.hint()));
    };
    let mut remarks = Vec::new();
    for board in &boards.dashboards {
        match put_dashboard(&aws, board) {
            Ok(said) => {
                remarks.extend(said.into_iter().map(|said| format!("{}: {said}", board.name)));
            }
            Err(error) => failed(&board.name, error),
        }
    }
    for alarm in &boards.alarms {
        if let Err(error) = put_alarm(&aws, alarm, request.topic.as_deref()) {
            failed(&alarm.alarm_name, error);
        }
    }
    put.remarks = remarks;
    Ok(put)
}
