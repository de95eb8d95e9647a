//! What an installation says, as steps and a guess of how much is done.

/// How many packages Airflow comes with, until it is known.
const PACKAGES_GUESS: u32 = 150;

/// How far an installation is.
#[derive(Default)]
pub struct Steps {
    step: Step,
    /// Packages that were heard of in this step.
    n_heard: u32,
    n_packages: Option<u32>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    #[default]
    Start,
    Resolve,
    Install,
    Compile,
    Try,
}

impl Step {
    /// Where it begins and ends, in percent.
    const fn span(self) -> (u32, u32) {
        match self {
            Self::Start => (0, 2),
            Self::Resolve => (2, 40),
            Self::Install => (40, 80),
            Self::Compile => (80, 92),
            Self::Try => (92, 100),
        }
    }
}

impl Steps {
    /// A line that `orrery runtime create`, or the installer below it, has said.
    pub fn hear(&mut self, line: &str) {
        let line = line.trim();
        let packages = line.strip_prefix("installing ").and_then(|rest| {
            let (n, _) = rest.split_once(" packages")?;
            n.parse().ok()
        });
        if line.starts_with("resolving for Python") {
            self.go(Step::Resolve);
        } else if let Some(n) = packages {
            self.n_packages = Some(n);
            self.go(Step::Install);
        } else if line == "compiling" {
            self.go(Step::Compile);
        } else if line == "trying it out" {
            self.go(Step::Try);
        } else if line.starts_with("Collecting ") {
            self.n_heard += 1;
        }
    }

    fn go(&mut self, step: Step) {
        self.step = step;
        self.n_heard = 0;
    }

    /// What is being done.
    pub fn words(&self) -> String {
        match (self.step, self.n_packages) {
            (Step::Start, _) => "Starting".to_owned(),
            (Step::Resolve, _) => "Finding out which packages are needed".to_owned(),
            (Step::Install, Some(n)) => format!("Installing {n} packages"),
            (Step::Install, None) => "Installing".to_owned(),
            (Step::Compile, _) => "Compiling".to_owned(),
            (Step::Try, _) => "Trying it out".to_owned(),
        }
    }

    /// 0 to 99: whole only when it is used.
    pub fn percent(&self) -> u8 {
        let (from, to) = self.step.span();
        let of = self.n_packages.unwrap_or(PACKAGES_GUESS).max(1);
        let done = (to - from) * self.n_heard.min(of) / of;
        u8::try_from((from + done).min(99)).unwrap_or(99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_steps() {
        let mut steps = Steps::default();
        let mut hear = |line: &str| {
            steps.hear(line);
            format!("{} {}", steps.percent(), steps.words())
        };
        for (line, expected) in [
            (
                "resolving for Python 3.11.7 with pip",
                "2 Finding out which packages are needed",
            ),
            (
                "Collecting apache-airflow-core==3.3.2",
                "2 Finding out which packages are needed",
            ),
            ("installing 2 packages", "40 Installing 2 packages"),
            ("  Downloading a.whl", "40 Installing 2 packages"),
            ("Collecting a==1", "60 Installing 2 packages"),
            ("Collecting b==1", "80 Installing 2 packages"),
            ("Collecting b==1", "80 Installing 2 packages"),
            ("compiling", "80 Compiling"),
            ("trying it out", "92 Trying it out"),
        ] {
            assert_eq!(hear(line), expected, "{line}");
        }
    }
}
