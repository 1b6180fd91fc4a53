//! The nearest event of a kind before or after each call, in one walk over calls in order of time.

/// The nearest event, seen from where the walk is.
///
/// Calls at one place, such as one instant, are not next to each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nearest {
    place: Option<i64>,
    /// The last event met, at this place or before it on the walk.
    until_here: Option<i64>,
    /// The last event met before this place.
    before: Option<i64>,
}

impl Nearest {
    /// Goes on to a call, which is an event at `time` or none, and says when the nearest event is that was
    /// met at another place.
    pub(super) fn at(&mut self, place: i64, time: i64, is_event: bool) -> Option<i64> {
        if self.place != Some(place) {
            self.before = self.until_here;
            self.place = Some(place);
        }
        if is_event {
            self.until_here = Some(time);
        }
        self.before
    }
}

/// The places of calls in order of time: each its own, or that of its instant.
pub(super) fn places(times: &[i64], each_has_its_own: bool) -> Vec<i64> {
    if each_has_its_own { (0..).take(times.len()).collect() } else { times.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::Nearest;

    #[test]
    fn calls_of_one_place_do_not_see_each_other() {
        let mut nearest = Nearest::default();
        let walk = [(1, true), (1, true), (2, false), (2, true), (3, false)];
        let found = walk.map(|(place, is_event)| nearest.at(place, place * 10, is_event));
        assert_eq!(found, [None, None, Some(10), Some(10), Some(20)]);
    }
}
