//! Words behind @ in source code and manuals, which are no accounts.

/// Annotations of Java, tags of Javadoc and JSDoc, decorators of Python, rules of CSS, entries of BibTeX, directives.
const WORDS: [&str; 110] = [
    "After",
    "AfterAll",
    "AfterEach",
    "Autowired",
    "Bean",
    "Before",
    "BeforeAll",
    "BeforeEach",
    "Column",
    "Component",
    "Configuration",
    "Controller",
    "Deprecated",
    "Entity",
    "FunctionalInterface",
    "GetMapping",
    "Id",
    "Inject",
    "NonNull",
    "NotNull",
    "Nullable",
    "Override",
    "PostMapping",
    "RequestMapping",
    "RestController",
    "SafeVarargs",
    "Service",
    "SpringBootApplication",
    "SuppressWarnings",
    "Table",
    "Test",
    "Transactional",
    "abstractmethod",
    "api",
    "apply",
    "article",
    "author",
    "autoreleasepool",
    "book",
    "brief",
    "cached_property",
    "charset",
    "class",
    "classmethod",
    "code",
    "conference",
    "container",
    "contextmanager",
    "dataclass",
    "default",
    "deprecated",
    "description",
    "details",
    "dynamic",
    "echo",
    "end",
    "enum",
    "example",
    "exception",
    "export",
    "extends",
    "file",
    "fixture",
    "font",
    "forward",
    "function",
    "implementation",
    "import",
    "inbook",
    "include",
    "incollection",
    "inheritDoc",
    "inproceedings",
    "interface",
    "internal",
    "keyframes",
    "layer",
    "link",
    "login_required",
    "lru_cache",
    "manual",
    "mastersthesis",
    "media",
    "misc",
    "mixin",
    "module",
    "namespace",
    "note",
    "online",
    "optional",
    "overload",
    "override",
    "page",
    "param",
    "phdthesis",
    "private",
    "proceedings",
    "property",
    "protocol",
    "public",
    "return",
    "returns",
    "see",
    "selector",
    "since",
    "staticmethod",
    "supports",
    "techreport",
    "throws",
    "version",
];

/// Modules and objects of Python whose members are decorators.
const MODULES: [&str; 16] = [
    "abc",
    "app",
    "blueprint",
    "click",
    "contextlib",
    "dataclasses",
    "functools",
    "jax",
    "mock",
    "numba",
    "pydantic",
    "pytest",
    "router",
    "torch",
    "typing",
    "unittest",
];

/// Tests for a word of source code, or a name that code goes on behind: `@article{`, `@pytest.fixture`, `@Query("`,
/// `@angular/core`.
pub fn is_code(name: &str, rest: &str) -> bool {
    let member = rest.trim_start_matches(|c: char| c == '.' || c == '_' || c.is_ascii_alphanumeric());
    let scoped =
        rest.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
    scoped
        || rest.starts_with('{')
        || WORDS.binary_search(&name).is_ok()
        || (rest.starts_with('.') && MODULES.binary_search(&name).is_ok())
        || ["(\"", "('", "()"].iter().any(|call| member.starts_with(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.is_sorted() && MODULES.is_sorted());
    }

    #[test]
    fn code_is_told_from_accounts() {
        for (name, rest) in [
            ("Override", "\n"),
            ("article", "{smith"),
            ("app", ".route(\"/\")"),
            ("Query", "('x')"),
            ("angular", "/core"),
        ] {
            assert!(is_code(name, rest), "{name}{rest}");
        }
        for (name, rest) in [("taro_99", " おはよう"), ("taro", "(太郎)"), ("hospital_pr", "まで")] {
            assert!(!is_code(name, rest), "{name}{rest}");
        }
    }
}
