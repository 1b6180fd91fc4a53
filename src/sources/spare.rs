//! Memory of stored bytes, used again by the thread that reads the next object: fresh memory costs as
//! much as reading a file into it.

use std::cell::Cell;

/// More is not kept for the next object.
const KEPT_BYTES: usize = 16 << 20;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Memory without content.
pub(super) fn take() -> Vec<u8> {
    SPARE.take()
}

/// Keeps memory for the next object.
pub(super) fn give_back(mut bytes: Vec<u8>) {
    if bytes.capacity() <= KEPT_BYTES {
        bytes.clear();
        SPARE.try_with(|spare| spare.set(bytes)).ok(); // a thread that ends needs none
    }
}
