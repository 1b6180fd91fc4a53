//! Objects on their way: fetched in order, before they are needed, within a bound of memory.
//!
//! One thread asks for objects in their order and waits where there is no room; requests deliver what
//! they were admitted for, or end the fetching where they fail by an error of ours; readers take what
//! they need by number and wait until it is there. Readers may take in any order as long as the lowest
//! number not yet taken is waited for by somebody: its request was started before all others that take
//! up room.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::error::Cause;
use super::{Error, Fetched, ObjectEntry};
use crate::aws;

/// How much may be on its way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Stored bytes asked for and not yet taken. A larger object travels alone.
    pub bytes: u64,
    /// Objects asked for and not yet there.
    pub requests: usize,
}

/// Objects on their way from one source.
#[derive(Debug)]
pub struct Ahead {
    bounds: Bounds,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By number, with the bytes they were admitted for.
    arrived: HashMap<usize, (u64, Result<Fetched, Error>)>,
    /// Admitted and not taken.
    bytes: u64,
    /// Admitted and not arrived.
    requests: usize,
    /// Why nothing more will arrive.
    ended: Option<aws::Error>,
    /// Nobody wants more.
    is_stopped: bool,
}

/// Room taken up by a request, and the way to deliver what it gets.
#[must_use = "dropping it ends the fetching"]
#[derive(Debug)]
pub struct Admitted {
    ahead: Arc<Ahead>,
    at: usize,
    size_bytes: u64,
    is_delivered: bool,
}

impl Admitted {
    /// Hands over what was asked for.
    pub fn deliver(mut self, result: Result<Fetched, Error>) {
        self.is_delivered = true;
        let mut state = self.ahead.lock();
        state.requests -= 1;
        state.arrived.insert(self.at, (self.size_bytes, result));
        self.ahead.changed.notify_all();
    }
}

/// A request that ends without a word has panicked, or its runtime is gone: nobody may wait for it.
impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.is_delivered {
            self.ahead.fail();
        }
    }
}

impl Ahead {
    /// Nothing on its way yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits for room and takes it up for the object of this number; `None` when nothing more is wanted.
    pub fn admit(self: &Arc<Self>, at: usize, size_bytes: u64) -> Option<Admitted> {
        let mut state = self.lock();
        loop {
            if state.is_stopped || state.ended.is_some() {
                return None;
            }
            let is_idle = state.bytes == 0 && state.requests == 0;
            let fits = state.bytes.saturating_add(size_bytes) <= self.bounds.bytes
                && state.requests < self.bounds.requests;
            if is_idle || fits {
                state.bytes += size_bytes;
                state.requests += 1;
                let ahead = Arc::clone(self);
                return Some(Admitted { ahead, at, size_bytes, is_delivered: false });
            }
            state = self.wait(state);
        }
    }

    /// Says that fetching has failed by an error of this program.
    pub fn fail(&self) {
        self.end(aws::Error::unreachable("fetching has failed by an error of this program"));
    }

    /// Says that nothing more can be fetched, whatever is asked for.
    pub fn end(&self, why: aws::Error) {
        self.lock().ended.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Says that nothing more is wanted.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits for the object of this number and takes it.
    ///
    /// # Errors
    /// When it could not be fetched, or fetching has ended.
    pub fn take(&self, at: usize, object: &ObjectEntry) -> Result<Fetched, Error> {
        let mut state = self.lock();
        loop {
            if let Some((size_bytes, result)) = state.arrived.remove(&at) {
                state.bytes -= size_bytes;
                self.changed.notify_all();
                return result;
            }
            if let Some(why) = &state.ended {
                return Err(Error::Read {
                    location: object.location.clone(),
                    source: Cause::Aws(why.clone()),
                });
            }
            state = self.wait(state);
        }
    }

    // A thread that panicked inside changed nothing half-way: every change is a single step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{Ahead, Bounds, Fetched, ObjectEntry};
    use crate::aws;

    fn object(at: usize, size_bytes: u64) -> ObjectEntry {
        ObjectEntry {
            origin: String::new(),
            key: at.to_string(),
            location: at.to_string(),
            size_bytes,
            modified: None,
            fingerprint: String::new(),
            is_named: false,
        }
    }

    #[test]
    fn everything_arrives_and_no_more_than_the_bound_is_under_way() {
        let sizes: Vec<u64> = (0..200).map(|at| if at % 50 == 7 { 500 } else { at % 13 }).collect();
        let ahead = Arc::new(Ahead::new(Bounds { bytes: 100, requests: 4 }));
        let (under_way, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (at, size) in sizes.iter().enumerate() {
                    let admitted = ahead.admit(at, *size).expect("wanted");
                    let now = under_way.fetch_add(*size, Ordering::SeqCst) + size;
                    most.fetch_max(now, Ordering::SeqCst);
                    let size = *size;
                    scope.spawn(move || {
                        std::thread::sleep(Duration::from_micros(50));
                        let bytes = vec![0; usize::try_from(size).expect("small")];
                        admitted.deliver(Ok(Fetched { bytes, changed: None }));
                    });
                }
            });
            for (at, size) in sizes.iter().enumerate() {
                // Before it is taken, so that the sum here is never above what is admitted.
                under_way.fetch_sub(*size, Ordering::SeqCst);
                let fetched = ahead.take(at, &object(at, *size)).expect("fetched");
                assert_eq!(fetched.bytes.len() as u64, *size);
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 500, "{most:?}");
    }

    #[test]
    fn a_request_that_panics_ends_every_reader() {
        let ahead = Arc::new(Ahead::new(Bounds { bytes: 10, requests: 1 }));
        let admitted = ahead.admit(0, 1).expect("wanted");
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| ahead.take(0, &object(0, 1)).is_err());
            let request = scope.spawn(move || {
                let _admitted = admitted;
                panic!("in a request");
            });
            assert!(request.join().is_err());
            assert!(reader.join().expect("no panic"));
        });
    }

    #[test]
    fn what_ends_the_fetching_ends_every_reader() {
        let ahead = Arc::new(Ahead::new(Bounds { bytes: 10, requests: 1 }));
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..3)
                .map(|at| {
                    scope.spawn({
                        let ahead = &ahead;
                        move || ahead.take(at, &object(at, 1)).is_err()
                    })
                })
                .collect();
            let _admitted = ahead.admit(0, 1).expect("wanted");
            ahead.end(aws::Error::unreachable("gone"));
            assert!(readers.into_iter().all(|reader| reader.join().expect("no panic")));
        });
        assert!(ahead.admit(1, 1).is_none());
    }

    #[test]
    fn a_reader_that_stops_lets_the_fetching_end() {
        let ahead = Arc::new(Ahead::new(Bounds { bytes: 10, requests: 1 }));
        let _admitted = ahead.admit(0, 10).expect("wanted");
        std::thread::scope(|scope| {
            let next = scope.spawn(|| ahead.admit(1, 10));
            ahead.stop();
            assert!(next.join().expect("no panic").is_none());
        });
    }
}
