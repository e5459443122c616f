//! Those who come in together: the one who scans and the companions. Nearly always one person, for whom
//! nothing is allocated.

/// A holder and companions, as some noun each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People<T> {
    /// Who scans.
    pub holder: T,
    /// Who comes along.
    pub companions: Vec<T>,
}

impl<T> People<T> {
    /// How many they are.
    pub fn persons(&self) -> usize {
        1 + self.companions.len()
    }

    /// Each becomes another noun.
    pub fn map<U>(self, mut turn: impl FnMut(T) -> U) -> People<U> {
        People { holder: turn(self.holder), companions: self.companions.into_iter().map(turn).collect() }
    }

    /// Each in turn, the holder first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.holder).chain(&mut self.companions)
    }

    /// Each in turn, the holder first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.holder).chain(&self.companions)
    }
}
