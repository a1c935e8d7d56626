//! Where things stand on the timeline. Pure: times in, pixels out.

use podpass::UnixTime;

/// Pixels left of the lanes, for their names.
pub(crate) const LABELS: f64 = 124.0;
/// Pixels right of the lanes.
const MARGIN: f64 = 12.0;
/// The narrowest drawing; below it the page would have to scroll sideways.
const MIN_WIDTH: f64 = 232.0;

/// Which part of the timeline is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zoom {
    Day,
    Everything,
    Hours,
}

impl Zoom {
    pub(crate) const ALL: [(Self, &'static str); 3] =
        [(Self::Everything, "all"), (Self::Hours, "2 hours"), (Self::Day, "a day")];

    /// The window of this zoom: it begins at `from`, or moves so that `now` is within it.
    pub(crate) fn window(
        self,
        from: UnixTime,
        to: UnixTime,
        now: UnixTime,
    ) -> (UnixTime, UnixTime) {
        let length = match self {
            Self::Everything => {
                let (first, last) = (from.0.min(now.0), to.0.max(now.0));
                let margin = ((last - first) * 0.02).max(1.0);
                return (UnixTime(first - margin), UnixTime(last + margin));
            }
            Self::Hours => 7_200.0,
            Self::Day => 86_400.0,
        };
        let begin = if (from.0..from.0 + length).contains(&now.0) {
            from.0 - length * 0.05
        } else {
            now.0 - length / 4.0
        };
        (UnixTime(begin), UnixTime(begin + length))
    }
}

/// Times to pixels and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl Scale {
    /// The narrow drawing puts the names above the lanes.
    pub(crate) fn new(from: UnixTime, to: UnixTime, width: f64) -> Self {
        let width = width.max(MIN_WIDTH);
        let left = if is_narrow(width) { MARGIN } else { LABELS };
        Self { from: from.0, to: to.0.max(from.0 + 1.0), left, right: width - MARGIN }
    }

    pub(crate) fn x(&self, at: UnixTime) -> f64 {
        let share = (at.0 - self.from) / (self.to - self.from);
        self.left + share * (self.right - self.left)
    }

    /// The x of a time, kept within the drawing.
    pub(crate) fn clamped(&self, at: UnixTime) -> f64 {
        self.x(at).clamp(self.left, self.right)
    }

    /// The whole second at an x, kept within the drawing.
    pub(crate) fn time(&self, x: f64) -> UnixTime {
        let share = ((x - self.left) / (self.right - self.left)).clamp(0.0, 1.0);
        UnixTime((self.from + share * (self.to - self.from)).round())
    }

    pub(crate) fn shows(&self, at: UnixTime) -> bool {
        (self.from..=self.to).contains(&at.0)
    }

    /// Round times to mark, as many as there is room for.
    pub(crate) fn ticks(&self) -> Vec<UnixTime> {
        const STEPS: [f64; 19] = [
            1.0,
            5.0,
            15.0,
            30.0,
            60.0,
            300.0,
            600.0,
            900.0,
            1_800.0,
            3_600.0,
            7_200.0,
            10_800.0,
            21_600.0,
            43_200.0,
            86_400.0,
            604_800.0,
            2_592_000.0,
            7_776_000.0,
            31_536_000.0,
        ];
        let room = ((self.right - self.left) / 84.0).max(2.0);
        let least = (self.to - self.from) / room;
        let step = STEPS.iter().copied().find(|step| *step >= least).unwrap_or_else(|| {
            let years = (least / 31_536_000.0).ceil();
            years * 31_536_000.0
        });
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step).floor() as i64;
        (first..=last).take(64).map(|index| UnixTime(index as f64 * step)).collect()
    }

    /// Whether days matter more than the time of day.
    pub(crate) fn spans_days(&self) -> bool {
        self.to - self.from > 2.0 * 86_400.0
    }
}

/// Whether the names of the lanes stand above them.
pub(crate) fn is_narrow(width: f64) -> bool {
    width < 480.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_and_times_are_inverse() {
        let scale = Scale::new(UnixTime(0.0), UnixTime(7_200.0), 820.0);
        assert_eq!((scale.x(UnixTime(0.0)), scale.x(UnixTime(7_200.0))), (124.0, 808.0));
        assert_eq!(scale.time(scale.x(UnixTime(1_234.0))), UnixTime(1_234.0));
        assert_eq!(scale.time(-5.0), UnixTime(0.0));
        assert_eq!(scale.clamped(UnixTime(9_999.0)), 808.0);
    }

    #[test]
    fn ticks_are_round_and_have_room() {
        let table = [
            (7_200.0, 820.0, 9, 900.0),
            (7_200.0, 300.0, 3, 3_600.0),
            (31_536_000.0, 820.0, 5, 7_776_000.0),
            (0.0, 820.0, 2, 1.0),
        ];
        for (length, width, count, step) in table {
            let ticks = Scale::new(UnixTime(0.0), UnixTime(length), width).ticks();
            assert_eq!(ticks.len(), count, "{length} s at {width} px");
            assert_eq!(ticks[1].since(ticks[0]), step, "{length} s at {width} px");
        }
    }

    #[test]
    fn now_is_always_in_the_window() {
        for zoom in [Zoom::Hours, Zoom::Day, Zoom::Everything] {
            for now in [-90_000.0, 0.0, 3_600.0, 1e7] {
                let (from, to) = zoom.window(UnixTime(0.0), UnixTime(3_600.0), UnixTime(now));
                assert!((from.0..=to.0).contains(&now), "{zoom:?} {now}");
            }
        }
    }
}
