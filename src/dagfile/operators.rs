//! The operators that run without Python: their class paths, short names and arguments.

mod table;

pub(crate) use table::{Arg, OPERATORS, Spec};

/// An operator by its class path or short name.
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    OPERATORS
        .iter()
        .find(|spec| spec.short == name || spec.class == name || spec.other_classes.contains(&name))
}

impl Spec {
    /// An argument, the common ones of sensors included.
    pub fn argument(&self, name: &str) -> Option<&'static Arg> {
        self.all_arguments().find(|arg| arg.name == name)
    }

    /// All arguments, own ones first.
    pub fn all_arguments(&self) -> impl Iterator<Item = &'static Arg> + use<> {
        let common: &'static [Arg] = if self.is_sensor { table::SENSOR } else { &[] };
        self.arguments.iter().chain(common)
    }
}
