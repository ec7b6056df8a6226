//! Many rounds of one input at a time: while one waits for the disk, the next are checked, and of the one before rows are made.
//!
//! Every worker takes a round through all its steps. Reading, holding and gathering rows are done by one worker at a time, in the
//! order in which the rounds were read, so answers and packs are those of one round after the other; checking is done by all cores.

use std::io::BufRead;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use radio_payouts_protocol::batch::Answer;

use super::super::durable::FileError;
use super::super::rows::RowMaker;
use super::super::stages::{Stage, Stages};
use super::super::{Store, StoreError};
use super::{Intake, Line, Tally, read_line};

/// Bytes of a round: what one fsync makes durable.
const ROUND_BYTES: usize = 16 << 20;
/// Lines of a round.
const ROUND_LINES: usize = 8_192;
/// Rounds under way: one is read, one is checked, one waits for the disk, of one rows are gathered.
const ROUNDS: usize = 4;

/// Where a run of ingest takes what it reads.
pub struct Run<'a> {
    /// The store.
    pub store: &'a mut Store,
    /// The answers.
    pub tally: &'a mut Tally,
    /// Who makes rows of what is newly held, if somebody does.
    pub rows: Option<&'a mut RowMaker>,
    /// CPU time by stage.
    pub stages: &'a Stages,
    /// Hears how many more bytes of input have been answered.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// The input, and the number of the next round.
struct Source<R> {
    input: R,
    origin: Arc<str>,
    line: u64,
    round: u64,
}

/// The number of the round that may do a step which is done in order.
#[derive(Default)]
struct Turn {
    next: Mutex<u64>,
    changed: Condvar,
}

/// Set by the first failure; everybody else leaves.
#[derive(Default)]
struct Stop {
    is_set: AtomicBool,
    failure: Mutex<Option<StoreError>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turn {
    /// Does `work` when it is this round's turn; `None` if the run was stopped before. If it fails, no later round does its own.
    fn take<T>(
        &self,
        round: u64,
        stop: &Stop,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut next = lock(&self.next);
        while *next != round {
            if stop.is_set.load(Ordering::SeqCst) {
                return Ok(None);
            }
            next = self.changed.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
        if stop.is_set.load(Ordering::SeqCst) {
            return Ok(None);
        }
        drop(next);
        let done = work().inspect_err(|_| stop.is_set.store(true, Ordering::SeqCst))?;
        *lock(&self.next) = round.saturating_add(1);
        self.changed.notify_all();
        Ok(Some(done))
    }
}

/// Wakes all who wait when a worker leaves by an error or a panic.
struct Leaving<'a>(&'a Stop, [&'a Turn; 2]);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.is_set.store(true, Ordering::SeqCst);
        }
        for turn in self.1 {
            // With the lock, so that nobody is between looking and waiting.
            drop(lock(&turn.next));
            turn.changed.notify_all();
        }
    }
}

impl<R: BufRead> Source<R> {
    /// The lines of the next round with its number and its length in bytes; `None` at the end.
    fn next_round(&mut self) -> Result<Option<(u64, Vec<Line>, u64)>, StoreError> {
        let failed = |error| FileError::new("read", Path::new(&*self.origin), error);
        let (mut lines, mut bytes, mut read) = (Vec::new(), 0, 0);
        while bytes < ROUND_BYTES && lines.len() < ROUND_LINES {
            let Some(line) = read_line(&mut self.input, &self.origin, self.line + 1).map_err(failed)? else { break };
            self.line += 1;
            read += line.length + 1;
            bytes += line.kept.len();
            if line.length > 0 {
                lines.push(line);
            }
        }
        if read == 0 {
            return Ok(None);
        }
        let round = self.round;
        self.round += 1;
        Ok(Some((round, lines, read)))
    }
}

impl Intake<'_> {
    /// Reads envelopes, one a line, and holds what is good.
    ///
    /// # Errors
    /// [`StoreError`] if the input or the store fails; what was answered before stays.
    pub fn run(&self, run: &mut Run<'_>, origin: &str, input: impl BufRead + Send) -> Result<(), StoreError> {
        let Run { store, tally, rows, stages, progress } = run;
        let (stages, progress) = (*stages, *progress);
        let source = Mutex::new(Source { input, origin: origin.into(), line: 0, round: 0 });
        let target = Mutex::new((&mut **store, &mut **tally));
        let rows = rows.as_deref_mut().map(Mutex::new);
        let (stop, holding, gathering) = (Stop::default(), Turn::default(), Turn::default());
        let one_round = || -> Result<bool, StoreError> {
            let read = {
                let mut source = lock(&source);
                if stop.is_set.load(Ordering::SeqCst) {
                    return Ok(false);
                }
                stages.measure(Stage::Reading, || source.next_round())?
            };
            let Some((number, lines, bytes)) = read else { return Ok(false) };
            let checked = self.check_all(&lines, stages)?;
            let held = holding.take(number, &stop, || {
                let mut target = lock(&target);
                let (store, tally) = &mut *target;
                tally.bytes_read += bytes;
                stages.measure(Stage::Packs, || self.hold_all(store, &lines, &checked, tally))
            })?;
            let Some(held) = held else { return Ok(false) };
            if let Some(rows) = &rows {
                let gathered = gathering.take(number, &stop, || {
                    let Some(pack) = &held.pack else { return Ok(()) };
                    let mut rows = lock(rows);
                    for (checked, (answer, _)) in checked.iter().zip(&held.answers) {
                        if let (Ok(checked), Answer::Held) = (checked, answer) {
                            rows.add(&checked.verified.header(), checked.verified.batch())?;
                        }
                    }
                    rows.end_pack(pack.hash)
                })?;
                if gathered.is_none() {
                    return Ok(false);
                }
            }
            progress(bytes);
            Ok(true)
        };
        let work = || {
            let _leaving = Leaving(&stop, [&holding, &gathering]);
            loop {
                match one_round() {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        lock(&stop.failure).get_or_insert(error);
                        stop.is_set.store(true, Ordering::SeqCst);
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..ROUNDS {
                scope.spawn(work);
            }
        });
        match stop.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
