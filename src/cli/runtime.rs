//! `orrery runtime`: the Airflow installations that Python dags run in.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use model::ports::Clock;
use runtime::{Error, Home, Manifest, Order, Source};
use serde_json::Value;

use super::{Settings, Trouble, configuration::layers, output};
use crate::{
    boot::SystemClock,
    config::{Config, Layers},
};

#[derive(Subcommand)]
pub enum Runtime {
    /// Makes one: resolves, installs and tries it out.
    Create(Create),
    /// Lists them.
    List(Where),
    /// Shows what is in one.
    Show {
        /// Which.
        name: String,
        /// Prints the lock alone, as a requirements file.
        #[arg(long)]
        lock: bool,
        #[command(flatten)]
        place: Where,
    },
    /// Compares its files, imports Airflow and parses an example.
    Check {
        /// Which; the configured one when absent.
        name: Option<String>,
        #[command(flatten)]
        place: Where,
    },
    /// Removes one.
    Remove {
        /// Which.
        name: String,
        #[command(flatten)]
        place: Where,
    },
    /// Writes one into a file, for a machine without a network.
    Export {
        /// The file to write.
        file: PathBuf,
        /// Which; the configured one when absent.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        place: Where,
    },
    /// Makes one of such a file.
    Import {
        /// The file.
        file: PathBuf,
        /// Its name here; that in the file when absent.
        #[arg(long)]
        name: Option<String>,
        /// This machine's Python for it [default: that of its version on the path].
        #[arg(long, value_name = "PATH")]
        python: Option<PathBuf>,
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Args)]
pub struct Create {
    /// Its name.
    name: String,
    /// The version of Airflow.
    #[arg(long, value_name = "VERSION")]
    airflow: String,
    /// The Python [default: python3 of the path].
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Further packages, such as providers: a file in pip's format.
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// The package index, instead of the one that pip or uv is set up for.
    #[arg(long, value_name = "URL", conflicts_with = "wheelhouse")]
    index_url: Option<String>,
    /// A folder of wheels, instead of the network.
    #[arg(long, value_name = "DIR")]
    wheelhouse: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

/// The data folder that has the runtimes.
#[derive(Args)]
pub struct Where {
    /// The configuration file.
    #[arg(long, env = "ORRERY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Where {
    fn config(&self) -> Result<Config, Trouble> {
        let settings = Settings {
            config: self.config.clone(),
            data: self.data.clone(),
            ..Settings::default()
        };
        Ok(Config::of(&layers(&settings, Layers::defaults())?)?)
    }
    /// Absolute, since environments have their place written into them.
    fn home(&self) -> Result<Home, Trouble> {
        let data = self.config()?.data;
        let data = data.canonicalize().or_else(|_| std::path::absolute(data))?;
        Ok(Home::of(&data))
    }
    fn name(&self, given: Option<&str>) -> Result<String, Trouble> {
        match given {
            Some(name) => Ok(name.to_owned()),
            None => Ok(self.config()?.runtime),
        }
    }
}

pub fn run(command: &Runtime) -> Result<(), Trouble> {
    match command {
        Runtime::Create(create) => {
            let done = make(&create.place.home()?, create);
            tell(&create.place, done)
        }
        Runtime::List(place) => list(place),
        Runtime::Show { name, lock, place } => {
            let manifest = runtime::show(&place.home()?, name);
            match (lock, manifest) {
                (true, Ok(manifest)) => output::line(manifest.lock.trim_end()),
                (_, other) => tell(place, other),
            }
        }
        Runtime::Check { name, place } => {
            let name = place.name(name.as_deref())?;
            tell(place, runtime::check(&place.home()?, &name, &mut say))
        }
        Runtime::Remove { name, place } => {
            runtime::remove(&place.home()?, name).map_err(trouble)?;
            say(&format!("removed {name}"));
            Ok(())
        }
        Runtime::Export { file, name, place } => {
            let name = place.name(name.as_deref())?;
            let home = place.home()?;
            tell(place, runtime::export(&home, &name, file, &mut say))
        }
        Runtime::Import {
            file,
            name,
            python,
            place,
        } => {
            let (home, name) = (place.home()?, name.as_deref());
            let done = runtime::import(&home, file, name, python.as_deref(), &mut say);
            tell(place, done)
        }
    }
}

fn make(home: &Home, create: &Create) -> Result<Manifest, Error> {
    let source = match (&create.index_url, &create.wheelhouse) {
        (Some(url), _) => Source::Index(url.clone()),
        (None, Some(folder)) => Source::Wheelhouse(folder.clone()),
        (None, None) => Source::Default,
    };
    let order = Order {
        name: &create.name,
        airflow: &create.airflow,
        python: create.python.as_deref(),
        requirements: create.requirements.as_deref().map(Path::new),
        source,
        made_at: SystemClock.now().isoformat(),
    };
    runtime::create(home, &order, &mut say)
}

fn list(place: &Where) -> Result<(), Trouble> {
    let found = runtime::list(&place.home()?).map_err(trouble)?;
    if place.json {
        let good = found
            .iter()
            .filter_map(|each| Some(each.as_ref().ok()?.to_json()));
        return output::json(&Value::Array(good.collect()));
    }
    let mut rows = Vec::new();
    for each in found {
        match each {
            Ok(m) => rows.push(vec![m.name, m.airflow, m.python, m.platform, m.made_at]),
            Err(error) => say(&trouble(error).0),
        }
    }
    output::table(&["NAME", "AIRFLOW", "PYTHON", "PLATFORM", "MADE"], &rows)
}

fn tell(place: &Where, done: Result<Manifest, Error>) -> Result<(), Trouble> {
    let manifest = done.map_err(trouble)?;
    let mut value = manifest.to_json();
    if place.json {
        return output::json(&value);
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("lock");
        fields.remove("version");
    }
    let fields = value.as_object().into_iter().flatten();
    let rows: Vec<_> = fields
        .flat_map(|(name, value)| match value.as_object() {
            Some(inner) => inner
                .iter()
                .map(|(name, version)| vec![name.clone(), output::plain(version)])
                .collect(),
            None => vec![vec![name.clone(), output::plain(value)]],
        })
        .collect();
    output::table(&["WHAT", "IS"], &rows)
}

fn trouble(error: Error) -> Trouble {
    let Trouble(text) = Trouble::from(error);
    let code: String = text.chars().take_while(|c| *c != ':').collect();
    Trouble(format!("{text}\n  more: orrery explain {code}"))
}

/// Progress is a word about the work, so it goes where such words go.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
