//! What was read and is not committed yet: threads that read put it in as they end, one that commits
//! takes it out in the order of the plan.
//!
//! Readers wait only where too much is being read or held.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How much may be under way at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnderWay {
    /// Bytes of the items that are being read. A larger one is read alone.
    pub(super) bytes: u64,
    /// Rows of the items that were read and are not committed; with more, nothing is begun.
    pub(super) rows: usize,
}

/// Items of a plan on their way from reading to committing.
pub(super) struct Queue<T> {
    /// How many items the plan has.
    items: usize,
    most: UnderWay,
    state: Mutex<State<T>>,
    /// A reader may go on.
    room: Condvar,
    /// The next item may be there, or the last reader gone.
    arrived: Condvar,
}

struct State<T> {
    /// Items that somebody reads or has read.
    begun: usize,
    /// Readers at work …
    reading: usize,
    /// … and the bytes of what they read.
    bytes: u64,
    /// Read and not taken, with their rows.
    read: BTreeMap<usize, (T, usize)>,
    /// Items that were taken.
    taken: usize,
    /// Rows of items that were read, until they are committed.
    rows: usize,
    /// Nobody wants more, or a reader is gone.
    is_stopped: bool,
}

impl<T> Queue<T> {
    /// A plan of so many items, nothing of it begun.
    pub(super) fn new(items: usize, most: UnderWay) -> Self {
        let state = State {
            begun: 0,
            reading: 0,
            bytes: 0,
            read: BTreeMap::new(),
            taken: 0,
            rows: 0,
            is_stopped: false,
        };
        Self {
            items,
            most,
            state: Mutex::new(state),
            room: Condvar::new(),
            arrived: Condvar::new(),
        }
    }

    /// Reads one item after another until none is left; any number of threads do this at once. `size`
    /// tells the bytes of an item, `read` also the rows that it holds.
    pub(super) fn work(&self, size: impl Fn(usize) -> u64, read: impl Fn(usize) -> (T, usize)) {
        while let Some((item, bytes)) = self.begin(&size) {
            let begun = Begun { queue: self, item, bytes, read: None };
            begun.end(read(item));
        }
    }

    fn begin(&self, size: impl Fn(usize) -> u64) -> Option<(usize, u64)> {
        let mut state = self.lock();
        loop {
            if state.is_stopped || state.begun == self.items {
                return None;
            }
            let item = state.begun;
            let bytes = size(item);
            let together = state.bytes.saturating_add(bytes);
            let fits = state.reading == 0 || together <= self.most.bytes;
            if fits && state.rows <= self.most.rows {
                state.begun += 1;
                state.reading += 1;
                state.bytes = together;
                return Some((item, bytes));
            }
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next item of the plan and its rows, once it was read; `None` when there are no more.
    pub(super) fn take(&self) -> Option<(T, usize)> {
        let mut state = self.lock();
        loop {
            let next = state.taken;
            if let Some(item) = state.read.remove(&next) {
                state.taken += 1;
                return Some(item);
            }
            if state.is_stopped || next == self.items {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// So many rows that were taken are held no longer.
    pub(super) fn release(&self, rows: usize) {
        let mut state = self.lock();
        state.rows = state.rows.saturating_sub(rows);
        self.room.notify_all();
    }

    /// Says that nothing more is wanted, and waits until nothing is being read.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.is_stopped = true;
        self.room.notify_all();
        while state.reading > 0 {
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    // A thread that panicked inside changed nothing half-way: no step of a change can panic.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An item that is being read. If its reader panics, nobody waits for it.
struct Begun<'q, T> {
    queue: &'q Queue<T>,
    item: usize,
    bytes: u64,
    read: Option<(T, usize)>,
}

impl<T> Begun<'_, T> {
    fn end(mut self, read: (T, usize)) {
        self.read = Some(read);
    }
}

impl<T> Drop for Begun<'_, T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.reading -= 1;
        state.bytes -= self.bytes;
        match self.read.take() {
            Some((item, rows)) => {
                state.rows += rows;
                state.read.insert(self.item, (item, rows));
            }
            None => state.is_stopped = true,
        }
        self.queue.arrived.notify_all();
        self.queue.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::{Queue, UnderWay};

    const MOST: UnderWay = UnderWay { bytes: 100, rows: 20 };

    #[test]
    fn items_come_in_order_and_few_are_held() {
        let queue = Queue::new(500, MOST);
        let held = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let mut taken = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    queue.work(
                        |_| 1,
                        |item| {
                            std::thread::sleep(Duration::from_micros(item as u64 * 7 % 50));
                            most.fetch_max(
                                held.fetch_add(3, Ordering::SeqCst) + 3,
                                Ordering::SeqCst,
                            );
                            (item, 3)
                        },
                    );
                });
            }
            while let Some((item, rows)) = queue.take() {
                taken.push(item);
                held.fetch_sub(rows, Ordering::SeqCst);
                queue.release(rows);
            }
        });
        assert_eq!(taken, (0..500).collect::<Vec<_>>());
        assert!(most.into_inner() <= 20 + 4 * 3, "more than is held and read at once");
    }

    #[test]
    fn no_more_than_the_bound_is_read_at_once_and_what_is_larger_alone() {
        let sizes = [30, 40, 0, 200, 0, 60, 101, 99];
        let size = |item: usize| sizes[item % sizes.len()];
        let queue = Queue::new(80, MOST);
        let under_way = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    queue.work(size, |item| {
                        let now = || under_way.lock().expect("no panic");
                        now().push(size(item));
                        std::thread::sleep(Duration::from_micros(100));
                        let mut now = now();
                        let fit = now.iter().sum::<u64>() <= MOST.bytes || now.len() == 1;
                        assert!(fit, "{now:?}");
                        let own = now.iter().position(|bytes| *bytes == size(item));
                        now.remove(own.expect("there"));
                        (item, 0)
                    });
                });
            }
            assert_eq!(std::iter::from_fn(|| queue.take()).count(), 80);
        });
    }

    #[test]
    fn a_reader_that_panics_lets_everybody_go() {
        let queue: Queue<()> = Queue::new(100, MOST);
        let ended = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                queue.work(|_| 1, |item| if item == 2 { panic!("bad item") } else { ((), 1) });
            });
            assert_eq!(std::iter::from_fn(|| queue.take()).count(), 2);
            reader.join()
        });
        assert!(ended.is_err());
    }

    #[test]
    fn who_wants_no_more_stops_the_readers() {
        let queue = Queue::new(100, MOST);
        std::thread::scope(|scope| {
            scope.spawn(|| queue.work(|_| 1, |item| (item, 5)));
            assert_eq!(queue.take(), Some((0, 5)));
            queue.stop();
        });
    }
}
