use std::rc::Rc;

use super::*;
use crate::repo::{RelPath, Source};

struct Memory(Vec<Rc<Tree>>);

impl Files for Memory {
    fn tree(&self, file: &RelPath) -> Option<Rc<Tree>> {
        let tree = self.0.iter().find(|tree| tree.source.path == *file);
        tree.cloned()
    }

    fn with_word(&self, word: &str) -> Vec<RelPath> {
        let holding = self.0.iter().filter(|tree| tree.source.text.contains(word));
        holding.map(|tree| tree.source.path.clone()).collect()
    }
}

fn files(files: &[(&str, &str)]) -> Memory {
    Memory(
        files
            .iter()
            .map(|(path, text)| {
                let path = RelPath::new(path).unwrap();
                let grammar = Grammar::of_file(path.name()).unwrap();
                Rc::new(Tree::parse(grammar, Source::new(path, *text)).unwrap())
            })
            .collect(),
    )
}

/// What `$PORT` or another hole is worth at the first place where a pattern fits.
fn hole_in(all: &[(&str, &str)], pattern: &str, hole: &str) -> Option<String> {
    let memory = files(all);
    let tree = &memory.0[0];
    let pattern = CodePattern::from(pattern.to_owned());
    let found = tree.find(&pattern).next()?;
    let value = value(&memory, tree, found.capture(hole)?);
    let text = match value.address() {
        Some(address) => {
            let host = address.host.map(|host| host + ":").unwrap_or_default();
            format!("{host}{}", address.port)
        }
        None => value.text()?.to_owned(),
    };
    Some(match value.variable {
        Some(variable) => format!("{text} of {variable}"),
        None => text,
    })
}

fn port(file: &str, text: &str, pattern: &str) -> Option<String> {
    hole_in(&[(file, text)], pattern, "PORT")
}

#[test]
fn go() {
    let go =
        |body: &str, pattern: &str| port("main.go", &format!("package main\n{body}\n"), pattern);
    let main = |body: &str, pattern: &str| go(&format!("func main() {{\n{body}\n}}"), pattern);
    let listen = "$_.ListenAndServe($PORT, $_)";
    assert_eq!(
        main("http.ListenAndServe(\":8080\", nil)", listen).as_deref(),
        Some("8080")
    );
    assert_eq!(main("// http.ListenAndServe(\":8080\", nil)", listen), None);
    assert_eq!(
        main(
            "viper.SetDefault(\"port\", 4533)",
            "viper.SetDefault(\"port\", $PORT)"
        )
        .as_deref(),
        Some("4533")
    );
    assert_eq!(
        main(
            "a.Flag(\"web.listen-address\", \"x\").Default(\"0.0.0.0:9090\").StringVar(&c)",
            "$_.Flag(\"web.listen-address\", $$$).Default($PORT)"
        )
        .as_deref(),
        Some("0.0.0.0:9090")
    );
    let text = "const DefaultPort = 7070\nfunc main() { p := os.Getenv(\"PORT\")\nif p == \"\" { p = fmt.Sprint(DefaultPort) }\nhttp.ListenAndServe(\":\"+p, nil) }";
    assert_eq!(go(text, listen).as_deref(), Some("7070 of PORT"));
    let text = "func port() string { if p := os.Getenv(\"PORT\"); p != \"\" { return p }\nreturn \"8081\" }\nfunc main() { http.ListenAndServe(fmt.Sprintf(\"%s:%s\", \"localhost\", port()), nil) }";
    assert_eq!(go(text, listen).as_deref(), Some("localhost:8081 of PORT"));
    assert_eq!(
        main(
            "s := &http.Server{Handler: h, Addr: \":9000\"}",
            "http.Server{$$$, Addr: $PORT, $$$}"
        )
        .as_deref(),
        Some("9000")
    );
    assert_eq!(
        go(
            "type C struct { Port int `env:\"PORT\" envDefault:\"3001\"` }",
            "Port $_ \"$TAG\""
        )
        .as_deref(),
        None
    );
    assert_eq!(
        main(
            "addr := getEnv(\"LISTEN\", \"127.0.0.1:8090\")\nhttp.ListenAndServe(addr, nil)",
            listen
        )
        .as_deref(),
        Some("127.0.0.1:8090 of LISTEN")
    );
    let all = [
        (
            "main.go",
            "package main\nfunc main() { http.ListenAndServe(config.Addr, nil) }",
        ),
        ("config/config.go", "package config\nconst Addr = \":6060\""),
        ("other/other.go", "package other\nconst Addr = \":6061\""),
    ];
    assert_eq!(hole_in(&all, listen, "PORT").as_deref(), Some("6060"));
}

#[test]
fn struct_tags_are_texts() {
    let text = "package c\ntype C struct {\n\tPort int `env:\"PORT\" envDefault:\"3001\"`\n}";
    let tag = hole_in(&[("c.go", text)], "Port $_ `$TAG`", "TAG");
    assert_eq!(tag.as_deref(), Some("env:\"PORT\" envDefault:\"3001\""));
}

#[test]
fn javascript_and_typescript() {
    for file in ["a.js", "a.ts", "a.tsx", "a.mjs"] {
        let js = |text: &str, pattern: &str| port(file, text, pattern);
        let listen = "$_.listen($PORT, $$$)";
        assert_eq!(
            js(
                "const port = process.env.PORT || 3170\napp.listen(port, () => {})",
                listen
            )
            .as_deref(),
            Some("3170 of PORT")
        );
        assert_eq!(
            js(
                "const { PORT = 3000 } = process.env; app.listen(PORT)",
                listen
            )
            .as_deref(),
            Some("3000")
        );
        assert_eq!(
            js(
                "app.listen(Number(process.env['API_PORT'] ?? '4000'), '0.0.0.0')",
                listen
            )
            .as_deref(),
            Some("4000 of API_PORT")
        );
        assert_eq!(
            js(
                "app.listen(process.env.PORT ? parseInt(process.env.PORT, 10) : 5000)",
                listen
            )
            .as_deref(),
            Some("5000 of PORT")
        );
        assert_eq!(
            js("/* app.listen(1) */ const a = 'app.listen(1)'", listen),
            None
        );
        assert_eq!(
            js("x = { port: `80${8}1` }", "port: $PORT").as_deref(),
            Some("8081")
        );
        assert_eq!(
            js(
                "const e = { PORT: z.coerce.number().default(3100) }",
                "PORT: $_.default($PORT)"
            )
            .as_deref(),
            Some("3100")
        );
        assert_eq!(
            js("class Config { port = 3200 }", "port = $PORT").as_deref(),
            Some("3200")
        );
    }
    let all = [
        (
            "server.ts",
            "import { config } from './config'\napp.listen(config.port)",
        ),
        (
            "config.ts",
            "export const config = { port: +(process.env.PORT ?? 9001) }",
        ),
    ];
    assert_eq!(
        hole_in(&all, "$_.listen($PORT)", "PORT").as_deref(),
        Some("9001 of PORT")
    );
    let path = hole_in(
        &[("c.ts", "@Controller('health')\nexport class C {}")],
        "@Controller($PATH)",
        "PATH",
    );
    assert_eq!(path.as_deref(), Some("health"));
}

#[test]
fn python() {
    let py = |text: &str, pattern: &str| port("a.py", text, pattern);
    let run = "uvicorn.run($$$, port=$PORT, $$$)";
    assert_eq!(
        py(
            "uvicorn.run(app, host='0.0.0.0', port=int(os.environ.get('PORT', 8000)))",
            run
        )
        .as_deref(),
        Some("8000 of PORT")
    );
    assert_eq!(
        py(
            "def main(port: int = 8765):\n    uvicorn.run(app, port=port, log_level='info')\n",
            run
        )
        .as_deref(),
        Some("8765")
    );
    assert_eq!(
        py(
            "p.add_argument('--port', '-p', type=int, default=7860, help='x')",
            "$_.add_argument(\"--port\", $$$, default=$PORT, $$$)"
        )
        .as_deref(),
        Some("7860")
    );
    assert_eq!(
        py(
            "@click.option('--port', default=5005)\ndef run(port): pass",
            "click.option(\"--port\", $$$, default=$PORT, $$$)"
        )
        .as_deref(),
        Some("5005")
    );
    assert_eq!(
        py(
            "PORT = os.getenv('PORT') or '9009'\nuvicorn.run(app, port=int(PORT))",
            run
        )
        .as_deref(),
        Some("9009 of PORT")
    );
    assert_eq!(
        py("s.bind(f'{HOST}:{PORT}')\nPORT = 50051", "$_.bind($PORT)").as_deref(),
        Some("50051")
    );
    let name = hole_in(
        &[("a.py", "web_app: FastAPI = FastAPI(title='x')")],
        "$OBJECT = FastAPI($$$)",
        "OBJECT",
    );
    assert_eq!(name, None, "what a name is given here is no value");
}

#[test]
fn rust() {
    let rust = |body: &str, pattern: &str| port("main.rs", body, pattern);
    let bind = "TcpListener::bind($PORT)";
    assert_eq!(
        rust(
            "fn main() { TcpListener::bind(\"0.0.0.0:3000\").await.unwrap(); }",
            bind
        )
        .as_deref(),
        Some("0.0.0.0:3000")
    );
    assert_eq!(
        rust("fn main() { let port: u16 = std::env::var(\"PORT\").ok().and_then(|p| p.parse().ok()).unwrap_or(8_080); let a = SocketAddr::from(([0, 0, 0, 0], port)); TcpListener::bind(&a); }", bind).as_deref(),
        Some("0.0.0.0:8080 of PORT")
    );
    assert_eq!(
        rust(
            "const P: u16 = 90; fn main() { TcpListener::bind((Ipv4Addr::LOCALHOST, P)); }",
            bind
        )
        .as_deref(),
        Some("127.0.0.1:90")
    );
    assert_eq!(
        rust("fn main() { let p = env::var(\"PORT\").unwrap_or_else(|_| \"3030\".to_string()); TcpListener::bind(format!(\"0.0.0.0:{}\", p)); }", bind).as_deref(),
        Some("0.0.0.0:3030 of PORT")
    );
    assert_eq!(
        rust(
            "#[cfg(test)]\nmod tests { fn f() { TcpListener::bind(\"0.0.0.0:1\"); } }",
            bind
        ),
        None
    );
    assert_eq!(
        rust(
            "struct A { #[arg(long, env = \"PORT\", default_value_t = 8123)] port: u16 }",
            "#[arg($$$, default_value_t = $PORT, $$$)]"
        )
        .as_deref(),
        Some("8123")
    );
}

#[test]
fn java() {
    let java =
        |body: &str, pattern: &str| port("A.java", &format!("class A {{ {body} }}"), pattern);
    let create = "HttpServer.create($PORT, $_)";
    assert_eq!(
        java(
            "void f() { HttpServer.create(new InetSocketAddress(8000), 0); }",
            create
        )
        .as_deref(),
        Some("8000")
    );
    assert_eq!(
        java("private static final int PORT = Integer.parseInt(System.getenv().getOrDefault(\"PORT\", \"8082\")); void f() { HttpServer.create(new InetSocketAddress(\"0.0.0.0\", PORT), 0); }", create).as_deref(),
        Some("0.0.0.0:8082 of PORT")
    );
    assert_eq!(
        java("int port = 9091;", "port = $PORT").as_deref(),
        Some("9091")
    );
    let path = hole_in(
        &[(
            "A.java",
            "@RequestMapping(\"/api\") class A { @GetMapping(\"/x\") void f() {} }",
        )],
        "@GetMapping($PATH)",
        "PATH",
    );
    assert_eq!(path.as_deref(), Some("/x"));
}

#[test]
fn code_can_be_asked_for_its_place() {
    let text = "func TestX() { listen(1) }\nfunc main() { listen(2) }";
    let memory = files(&[("a.go", &format!("package main\n{text}"))]);
    let tree = &memory.0[0];
    let pattern = CodePattern::from("listen($PORT)".to_owned());
    let main = CodePattern::from("func main() { $$$ }".to_owned());
    let within: Vec<&str> = tree
        .find(&pattern)
        .filter(|found| tree.is_within(&main, found.node))
        .map(|found| tree.text(found.node))
        .collect();
    assert_eq!(within, ["listen(2)"]);
}

#[test]
fn hostile_texts_end() {
    let deep = "(".repeat(50_000) + &")".repeat(50_000);
    let arrows = "a=>".repeat(20_000);
    let chain = format!("x{}", ".a()".repeat(20_000));
    let sum = vec!["1"; 50_000].join("+");
    for text in [
        deep,
        arrows,
        chain,
        sum,
        "\u{0}\u{feff}{{{`".repeat(5_000),
        "é".repeat(1000),
    ] {
        for file in ["a.js", "a.tsx", "a.py", "a.go", "a.rs", "A.java"] {
            let path = RelPath::new(file).unwrap();
            let grammar = Grammar::of_file(file).unwrap();
            let Some(tree) = Tree::parse(grammar, Source::new(path, text.as_str())) else {
                continue;
            };
            let memory = Memory(Vec::new());
            for node in tree.all().take(100) {
                let _ = value(&memory, &tree, node);
            }
        }
    }
}
