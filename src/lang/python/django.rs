//! What Django's settings mean for an image: static files, hosts, variables, the health route.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Django;
use crate::facts::{
    Confidence, Evidence, Found, HealthFact, Migration, Own, Rank, push, push_named,
};
use crate::lang::{Component, Sources};
use crate::repo::{Dir, RelPath, Source};

/// Files that one settings module may be split into.
const MOST_FILES: usize = 12;

pub(super) fn refine(component: &mut Component, sources: &Sources<'_>) {
    let view = sources.view();
    let Some(manage) = manage(&view) else {
        return;
    };
    let home = manage.parent().unwrap_or_default();
    let Some((model, facts, _)) = super::parts(component) else {
        return;
    };
    // The server's own entry names the settings that production loads, if it names any.
    let entries: Vec<String> = facts
        .main
        .all()
        .iter()
        .filter_map(|found| found.value.split_once(':'))
        .map(|(file, _)| file.to_owned())
        .collect();
    for file in &entries {
        if RelPath::new(file).is_some_and(|file| file.is_in(&home)) {
            model.roots.insert(file.clone(), home.as_str().to_owned());
        }
    }
    let named = entries
        .iter()
        .map(String::as_str)
        .chain([manage.as_str()])
        .find_map(|file| settings_module(&sources.read(&RelPath::new(file)?)?));
    let Some(mut module) = named else {
        return;
    };
    if let Some((production, evidence)) = for_production(&view, &home, &module) {
        let variable = ("DJANGO_SETTINGS_MODULE".to_owned(), production.clone());
        push_named(
            &mut facts.env,
            Found {
                value: variable,
                rank: Rank::Source,
                confidence: Confidence::Likely,
                evidence,
            },
        );
        module = production;
    }
    let files = settings_files(&view, &home, &module);
    if entries.is_empty()
        && let Some((file, object, interface, evidence)) = named_entry(&view, &home, &files)
    {
        model.roots.insert(file.clone(), home.as_str().to_owned());
        facts
            .main
            .certain(format!("{file}:{object}"), Rank::Variant, evidence.clone());
        facts.own.add(
            "interface",
            Own::Text(interface.to_owned()),
            Rank::Variant,
            Confidence::Certain,
            evidence,
        );
    }
    let collect = files
        .iter()
        .find_map(|file| {
            find(
                &STATIC_ROOT,
                file,
                "python/django-static",
                "the settings say where static files go",
            )
        })
        .filter(|_| {
            files
                .iter()
                .any(|file| file.text.contains("django.contrib.staticfiles"))
        });
    model.django = Some(Django {
        required: required(&files),
        managed: sources
            .read(&manage)
            .and_then(|source| settings_module(&source))
            .unwrap_or_default(),
        settings: module,
        manage: manage.as_str().to_owned(),
        collect,
    });
    if let Some(evidence) = files.iter().find_map(|file| {
        find(
            &SQLITE,
            file,
            "python/django-sqlite",
            "the database is a file beside the program",
        )
    }) {
        let value = if home.is_root() {
            ".".to_owned()
        } else {
            home.as_str().to_owned()
        };
        push(
            &mut facts.writable,
            Found {
                value,
                rank: Rank::Framework,
                confidence: Confidence::Likely,
                evidence,
            },
        );
    }
    let manage = manage.as_str().to_owned();
    let why = "Django brings the database to the models with it";
    facts.migrate.likely(
        Migration {
            command: vec!["python".to_owned(), manage, "migrate".to_owned()],
            needs: Vec::new(),
        },
        Rank::Framework,
        Evidence::rule("python/django", why),
    );
    health(&view, &home, &files, facts);
}

/// The settings for production beside those that the entry names, which are for developers or for
/// nobody in particular.
fn for_production(view: &Dir<'_>, home: &RelPath, module: &str) -> Option<(String, Evidence)> {
    const PRODUCTION: &[&str] = &["production", "prod"];
    let file = |module: &str| home.join(&module.replace('.', "/"));
    let (parent, last) = module.rsplit_once('.')?;
    let folder = match last {
        "dev" | "development" | "local" | "base" | "common" | "default" | "defaults" => parent,
        _ if view.has_dir(file(module).as_str()) => module,
        _ => return None,
    };
    PRODUCTION.iter().find_map(|name| {
        let module = format!("{folder}.{name}");
        let path = format!("{}.py", file(&module));
        let why = format!("it holds the settings for production, and the entry names {last}");
        let at = view.path.join(&path);
        view.has(&path)
            .then(|| (module, Evidence::file("python/django-settings", at, why)))
    })
}

/// The application that the settings name: its file, its object, and which kind it is.
fn named_entry(
    view: &Dir<'_>,
    home: &RelPath,
    files: &[Source],
) -> Option<(String, String, &'static str, Evidence)> {
    static NAMED: Pattern =
        LazyLock::new(|| regex(r#"(?m)^(WSGI|ASGI)_APPLICATION\s*=\s*["']([\w.]+)\.(\w+)["']"#));
    let mut found: Vec<(String, String, &'static str, Evidence)> = Vec::new();
    for source in files {
        for captures in NAMED
            .iter()
            .flat_map(|named| named.captures_iter(&source.text))
        {
            let stem = home.join(&captures[2].replace('.', "/"));
            let file = [format!("{stem}.py"), format!("{stem}/__init__.py")]
                .into_iter()
                .find(|file| view.has(file));
            if let (Some(file), Some(all)) = (file, captures.get(0)) {
                let interface = if &captures[1] == "WSGI" {
                    "wsgi"
                } else {
                    "asgi"
                };
                let why = "the settings name the application";
                let evidence = Evidence::span("python/django-entry", source, &all.range(), why);
                found.push((file, captures[3].to_owned(), interface, evidence));
            }
        }
    }
    // Sorted so that WSGI comes first where a project has both.
    found.sort_by_key(|(_, _, interface, _)| *interface == "asgi");
    found.into_iter().next()
}

fn manage(view: &Dir<'_>) -> Option<RelPath> {
    if view.has("manage.py") {
        return RelPath::new("manage.py");
    }
    view.walk()
        .take(20_000)
        .find(|file| file.name() == "manage.py" && file.depth() <= 3)
}

fn regex(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

type Pattern = LazyLock<Option<Regex>>;

static STATIC_ROOT: Pattern =
    LazyLock::new(|| regex(r"(?m)^STATIC_ROOT\s*(?::[^=\n]+)?=\s*[^\s#N]"));
static SQLITE: Pattern =
    LazyLock::new(|| regex(r#"(?m)^\s*["']NAME["']\s*:\s*[^\n]*\.sqlite3?["']"#));

fn find(pattern: &Pattern, source: &Source, rule: &str, why: &str) -> Option<Evidence> {
    let at = pattern.as_ref()?.find(&source.text)?;
    Some(Evidence::span(rule, source, &at.range(), why))
}

fn settings_module(source: &Source) -> Option<String> {
    static MODULE: Pattern = LazyLock::new(|| {
        regex(r#"DJANGO_SETTINGS_MODULE["']\s*[,\]]\s*=?\s*["']([A-Za-z_][\w.]*)["']"#)
    });
    let found = MODULE.as_ref()?.captures(&source.text)?;
    Some(found[1].to_owned())
}

/// The module's file and those that it imports everything from, the module's own first.
fn settings_files(view: &Dir<'_>, home: &RelPath, module: &str) -> Vec<Source> {
    static STAR: Pattern = LazyLock::new(|| regex(r"(?m)^\s*from\s+(\.*)([\w.]*)\s+import\s+\*"));
    let mut files: Vec<Source> = Vec::new();
    let mut todo = vec![home.join(&module.replace('.', "/"))];
    while let Some(stem) = todo.pop() {
        let Some((source, package)) = [
            (format!("{}.py", stem.as_str()), false),
            (format!("{}/__init__.py", stem.as_str()), true),
        ]
        .into_iter()
        .find_map(|(path, package)| Some((view.text(&path)?, package))) else {
            continue;
        };
        if files.len() == MOST_FILES || files.iter().any(|file| file.path == source.path) {
            continue;
        }
        let here = if package {
            stem.clone()
        } else {
            stem.parent().unwrap_or_default()
        };
        for found in STAR
            .iter()
            .flat_map(|star| star.captures_iter(&source.text))
        {
            let dots = found[1].len();
            let mut from = if dots == 0 {
                home.clone()
            } else {
                here.clone()
            };
            for _ in 1..dots {
                from = from.parent().unwrap_or_default();
            }
            todo.push(from.join(&found[2].replace('.', "/")));
        }
        files.push(source);
    }
    files
}

/// Variables that the settings cannot be loaded without, each with a stand-in of its kind.
fn required(files: &[Source]) -> Vec<(String, String)> {
    static NEEDED: Pattern = LazyLock::new(|| {
        regex(
            r#"(?x)
              os\.environ\[\s*["'](?P<a>[A-Z][A-Z0-9_]*)["']\s*\]
            | \b(?:env|config)(?:\.[a-z_]+)?\(\s*["'](?P<b>[A-Z][A-Z0-9_]*)["']\s*(?:,\s*cast\s*=\s*\w+\s*)?\)
            | (?m:^)SECRET_KEY\s*=\s*os\.(?:getenv|environ\.get)\(\s*["'](?P<c>[A-Z][A-Z0-9_]*)["']\s*\)"#,
        )
    });
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for file in files {
        for captures in NEEDED
            .iter()
            .flat_map(|needed| needed.captures_iter(&file.text))
        {
            let name = ["a", "b", "c"]
                .iter()
                .find_map(|group| captures.name(group));
            if let Some(name) = name.map(|name| name.as_str())
                && name != "DJANGO_SETTINGS_MODULE"
            {
                found.insert(name.to_owned(), stand_in(name).to_owned());
            }
        }
    }
    found.into_iter().collect()
}

/// A value of the right form that opens nothing.
fn stand_in(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["URL", "URI", "DSN"]) {
        if has(&["REDIS", "CACHE", "BROKER", "CELERY"]) {
            "redis://localhost"
        } else if has(&["DATABASE", "DB", "POSTGRES", "SQL"]) {
            "sqlite:////tmp/build.sqlite3"
        } else {
            "http://localhost"
        }
    } else if has(&["HOST", "ORIGIN", "DOMAIN"]) {
        "localhost"
    } else if has(&["PORT", "TIMEOUT", "SIZE", "COUNT", "SECONDS", "AGE", "_ID"]) {
        "1"
    } else if has(&["DEBUG", "ENABLE", "USE_"]) {
        "0"
    } else {
        "only-for-the-build"
    }
}

/// Django answers 400 to a host that it does not know, and the check asks as 127.0.0.1.
fn health(view: &Dir<'_>, home: &RelPath, files: &[Source], facts: &mut crate::facts::Facts) {
    static HOSTS: Pattern = LazyLock::new(|| regex(r"(?m)^ALLOWED_HOSTS\s*(?::[^=\n]+)?=\s*(.*)"));
    static URLS: Pattern = LazyLock::new(|| regex(r#"(?m)^ROOT_URLCONF\s*=\s*["']([\w.]+)["']"#));
    static ROUTE: Pattern = LazyLock::new(|| {
        regex(
            r#"\bpath\(\s*["']((?:api/)?(?:_?healthz?|health[-_]?check|livez|readyz|ping|heartbeat)/?)["']"#,
        )
    });
    let urls = files
        .iter()
        .find_map(|file| URLS.as_ref()?.captures(&file.text))
        .map(|found| found[1].replace('.', "/"));
    let Some(urls) = urls.and_then(|path| view.text(home.join(&format!("{path}.py")).as_str()))
    else {
        return;
    };
    let Some(route) = ROUTE.as_ref().and_then(|route| route.captures(&urls.text)) else {
        return;
    };
    let path = format!("/{}", &route[1]);
    let at = route.get(0).map_or(0..0, |all| all.range());
    let hosts = files
        .iter()
        .find_map(|file| Some((file, HOSTS.as_ref()?.captures(&file.text)?)));
    let open = hosts.as_ref().is_some_and(|(file, found)| {
        let value = found[1].trim();
        let fixed = value.starts_with(['[', '(']) && !value.contains("environ");
        // A list over several lines ends at its bracket.
        let start = found.get(1).map_or(0, |value| value.start());
        let list = file
            .text
            .get(start..)
            .and_then(|text| text.split([']', ')']).next());
        fixed
            && list.is_some_and(|list| {
                [r#""*""#, "'*'", "127.0.0.1"]
                    .iter()
                    .any(|name| list.contains(name))
            })
    });
    if open {
        let why = "the root urls have this route";
        let evidence = Evidence::span("python/django-health", &urls, &at, why);
        facts
            .health
            .likely(HealthFact::Http(path), Rank::Framework, evidence);
    } else {
        let why =
            format!("ALLOWED_HOSTS may refuse 127.0.0.1, as which a check would ask for {path}");
        let evidence = match hosts {
            Some((file, found)) => Evidence::span(
                "python/django-hosts",
                file,
                &found.get(0).map_or(0..0, |all| all.range()),
                why,
            ),
            None => Evidence::rule("python/django-hosts", why),
        };
        facts
            .health
            .likely(HealthFact::Tcp, Rank::Framework, evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_settings_need() {
        let file = Source::new(
            RelPath::new("settings.py").unwrap(),
            "SECRET_KEY = os.environ['APP_SECRET']\nDB = env.db('DATABASE_URL')\nA = os.environ.get('A')\nB = config('B', default='x')\nC = config('USE_C', cast=bool)\n",
        );
        let found = required(&[file]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["APP_SECRET", "DATABASE_URL", "USE_C"]);
    }
}
