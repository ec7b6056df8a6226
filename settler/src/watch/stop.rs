//! Ending on SIGINT and SIGTERM between two steps; a second signal ends at once, which does no harm either.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::outcome::Outcome;

/// Exit code of a process ended by an interrupt, as shells give it.
const INTERRUPTED: i32 = 130;

/// Whether the process was asked to end.
pub struct Stop {
    signals: Receiver<()>,
    asked: Cell<bool>,
}

impl Stop {
    /// Listens from now on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn on_signals() -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut terminate) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let (sender, signals) = channel();
        let listen = async move {
            for count in 1_u32.. {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if count > 1 || sender.send(()).is_err() {
                    std::process::exit(INTERRUPTED);
                }
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(listen))?;
        Ok(Self { signals, asked: Cell::new(false) })
    }

    /// Whether it is time to end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        if !matches!(self.signals.try_recv(), Err(TryRecvError::Empty)) {
            self.asked.set(true);
        }
        self.asked.get()
    }

    /// Waits; `true` at once when it is time to end.
    #[must_use]
    pub fn wait(&self, time: Duration) -> bool {
        if !self.asked.get() && !matches!(self.signals.recv_timeout(time), Err(RecvTimeoutError::Timeout)) {
            self.asked.set(true);
        }
        self.asked.get()
    }
}
