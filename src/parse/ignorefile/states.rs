//! Matching by a walk over a set of states: linear in path times pattern, whatever the pattern.

/// What a state consumes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Set {
    Char(char),
    NotSlash,
    NotNewline,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Set {
    pub(super) fn holds(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::NotSlash => c != '/',
            Self::NotNewline => c != '\n',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    One(Set),
    Maybe(Set),
    Many(Set),
    /// Goes on at the next state and at the one after it; with [`State::UpTo`], `(.*/)?`.
    Fork,
    /// Stays, and at a `/` also goes on.
    UpTo,
    /// A `^` inside the pattern.
    Start,
}

/// States with their literal ends cut off: most paths are refused by comparing text.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// `**/name*`: only the last part of a path is looked at.
    last_part: bool,
    head: String,
    states: Vec<State>,
    tail: String,
}

impl Glob {
    pub(super) fn new(mut states: Vec<State>) -> Self {
        let last_part = states.starts_with(&[State::Fork, State::UpTo])
            && states[2..].iter().all(|state| match state {
                State::One(set) | State::Maybe(set) | State::Many(set) => !set.holds('/'),
                State::Fork | State::UpTo | State::Start => false,
            });
        if last_part {
            states.drain(..2);
        }
        let literal = |state: &State| match state {
            State::One(Set::Char(c)) => Some(*c),
            _ => None,
        };
        let head: String = states.iter().map_while(literal).collect();
        states.drain(..head.chars().count());
        let tail: Vec<char> = states.iter().rev().map_while(literal).collect();
        states.truncate(states.len() - tail.len());
        Self {
            last_part,
            head,
            states,
            tail: tail.iter().rev().collect(),
        }
    }

    pub(super) fn matches(&self, path: &str, name: &str) -> bool {
        let middle = if self.last_part { name } else { path }
            .strip_prefix(self.head.as_str())
            .and_then(|rest| rest.strip_suffix(self.tail.as_str()));
        // `(.*/)?` stands for the folders above, and `.` is not a newline.
        middle.is_some_and(|middle| self.run(middle))
            && !(self.last_part && path[..path.len() - name.len()].contains('\n'))
    }

    /// The set of states is a row of bits; bit `n` of `n` states is the end.
    fn run(&self, text: &str) -> bool {
        let end = self.states.len();
        let words = end / 64 + 1;
        let mut now = vec![0_u64; words];
        let mut next = vec![0_u64; words];
        self.enter(&mut now, 0, self.head.is_empty());
        for c in text.chars() {
            next.fill(0);
            let mut alive = false;
            for (word, bits) in now.iter().enumerate() {
                let mut bits = *bits;
                while bits != 0 {
                    let at = word * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let Some(state) = self.states.get(at) else {
                        continue;
                    };
                    let to = match state {
                        State::One(set) | State::Maybe(set) if set.holds(c) => at + 1,
                        State::Many(set) if set.holds(c) => at,
                        State::UpTo if c != '\n' => {
                            if c == '/' {
                                self.enter(&mut next, at + 1, false);
                            }
                            at
                        }
                        _ => continue,
                    };
                    alive = true;
                    self.enter(&mut next, to, false);
                }
            }
            if !alive {
                return false;
            }
            std::mem::swap(&mut now, &mut next);
        }
        now[end / 64] >> (end % 64) & 1 == 1
    }

    /// Adds a state and all that are reached from it without a character.
    fn enter(&self, set: &mut [u64], mut at: usize, at_start: bool) {
        loop {
            let bit = 1_u64 << (at % 64);
            if set[at / 64] & bit != 0 {
                return;
            }
            set[at / 64] |= bit;
            match self.states.get(at) {
                Some(State::Maybe(_) | State::Many(_)) => at += 1,
                Some(State::Start) if at_start => at += 1,
                Some(State::Fork) => {
                    // The state after a fork is an `UpTo`, which leads nowhere by itself.
                    let inside = at + 1;
                    set[inside / 64] |= 1 << (inside % 64);
                    at += 2;
                }
                _ => return,
            }
        }
    }
}
