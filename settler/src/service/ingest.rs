//! The way in for batches: bodies within limits, one writer, acknowledgements for what is on the disk.

use std::sync::{Arc, PoisonError, RwLock};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::http::problem::Problem;
use super::options::{BODIES_BYTES, CONTENTS_BYTES, QUEUE_TIME};
use crate::store::intake::{Answered, Delivered};

pub mod body;
pub mod route;
pub mod writer;

/// Requests that may wait for the writer.
const QUEUE: usize = 256;
/// Memory is counted in pieces of this many bytes.
const PIECE: usize = 1 << 10;

/// Envelopes of one request on their way to the disk.
#[derive(Debug)]
pub struct Job {
    /// The envelopes.
    pub delivered: Vec<Delivered>,
    /// Where the answers go; an error for people if the store did not take them.
    pub reply: oneshot::Sender<Result<Vec<Answered>, String>>,
    /// The memory that they take, given back when they are answered.
    pub room: OwnedSemaphorePermit,
}

/// The way in.
pub struct Ingest {
    bodies: Arc<Semaphore>,
    contents: Arc<Semaphore>,
    jobs: RwLock<Option<mpsc::Sender<Job>>>,
}

fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX)
}

fn full() -> Problem {
    Problem::away("more batches are waiting than there is room for; send the same again")
}

async fn room(of: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
    let room = tokio::time::timeout(QUEUE_TIME, of.clone().acquire_many_owned(pieces(bytes))).await;
    room.map_err(|_| full())?.map_err(|_| full())
}

impl Ingest {
    /// The way in, and where the writer takes jobs from.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, receiver) = mpsc::channel(QUEUE);
        let semaphore = |bytes| Arc::new(Semaphore::new(bytes / PIECE));
        (
            Self {
                bodies: semaphore(BODIES_BYTES),
                contents: semaphore(CONTENTS_BYTES),
                jobs: RwLock::new(Some(jobs)),
            },
            receiver,
        )
    }

    /// Room for so many bytes of a body, for as long as the permit lives.
    ///
    /// # Errors
    /// 503 if there is none in time.
    pub async fn body_room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        room(&self.bodies, bytes).await
    }

    /// Room for so many bytes of content.
    ///
    /// # Errors
    /// 503 if there is none in time.
    pub async fn content_room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        room(&self.contents, bytes).await
    }

    /// Takes nothing more: the writer ends once everything that was taken is answered.
    pub fn close(&self) {
        *self.jobs.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Hands envelopes to the writer and waits until the good ones are on the disk. `room` is what they take of the memory.
    ///
    /// # Errors
    /// 503 if the queue is full or the store does not take them: then none of them is acknowledged.
    pub async fn hold(&self, delivered: Vec<Delivered>, room: OwnedSemaphorePermit) -> Result<Vec<Answered>, Problem> {
        let (reply, answered) = oneshot::channel();
        let job = Job { delivered, reply, room };
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner).clone();
        let jobs = jobs.ok_or_else(|| Problem::away("the service is ending; send the same again"))?;
        jobs.send_timeout(job, QUEUE_TIME).await.map_err(|_| full())?;
        match answered.await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(message)) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", message).retry(30)),
            Err(_) => Err(Problem::away("the service is ending; send the same again")),
        }
    }
}

/// Gives room back that turned out not to be needed.
pub fn shrink(room: &mut OwnedSemaphorePermit, bytes: usize) {
    let surplus = room.num_permits().saturating_sub(pieces(bytes) as usize);
    drop(room.split(surplus));
}
