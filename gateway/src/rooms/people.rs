//! The people of one scan: the holder and the companions. It is nearly always one person, for whom
//! nothing is allocated.

/// A holder and companions, each as a `T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People<T> {
    /// The person who scans.
    pub holder: T,
    /// The people who come in on the holder's scan.
    pub companions: Vec<T>,
}

impl<T> People<T> {
    /// The number of people.
    pub fn persons(&self) -> usize {
        1 + self.companions.len()
    }

    /// Converts each person, the holder first.
    pub fn map<U>(self, mut turn: impl FnMut(T) -> U) -> People<U> {
        People { holder: turn(self.holder), companions: self.companions.into_iter().map(turn).collect() }
    }

    /// Each person, the holder first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.holder).chain(&mut self.companions)
    }

    /// Each person, the holder first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.holder).chain(&self.companions)
    }
}
