//! The unified diff that people read before they say yes.

use similar::TextDiff;

use crate::repo::RelPath;

/// Old lines times new lines. Finding the shortest diff takes that long at worst, and the file on
/// disk may be anything; past it, the diff is one replacement.
const MAX_PRODUCT: usize = 20_000_000;

/// `old` is `None` for a file that does not exist yet. Equal texts have an empty diff.
pub(super) fn unified(path: &RelPath, old: Option<&str>, new: &str) -> String {
    let from = if old.is_some() {
        format!("a/{path}")
    } else {
        "/dev/null".to_owned()
    };
    let to = format!("b/{path}");
    let old = old.unwrap_or_default();
    let old_lines = old.lines().count();
    let new_lines = new.lines().count();
    if old_lines.saturating_mul(new_lines) > MAX_PRODUCT {
        return format!(
            "--- {from}\n+++ {to}\n@@ {old_lines} lines are replaced by {new_lines} @@\n"
        );
    }
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(&from, &to)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_of_context_and_git_like_headers() {
        let path = RelPath::new("docker/Dockerfile").unwrap();
        let diff = unified(&path, Some("1\n2\n3\n4\n5\n"), "1\n2\n3\n4\nfive\n");
        assert_eq!(
            diff,
            "--- a/docker/Dockerfile\n+++ b/docker/Dockerfile\n@@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+five\n"
        );
        assert!(
            unified(&path, None, "1\n").starts_with("--- /dev/null\n+++ b/docker/Dockerfile\n")
        );
        assert_eq!(unified(&path, Some("1\n"), "1\n"), "");
    }

    #[test]
    fn a_huge_file_does_not_take_forever() {
        let old = "x\n".repeat(1_000_000);
        let diff = unified(&RelPath::new("f").unwrap(), Some(&old), &"y\n".repeat(100));
        assert!(diff.ends_with("@@ 1000000 lines are replaced by 100 @@\n"));
    }
}
