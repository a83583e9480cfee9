//! Examples below the help texts. Each stands for a question that a user has asked.

/// The heading of the flags that come from the table of options.
pub(super) const DECISIONS: &str = "Decisions";

pub(super) const DOCKGEN: &str = "\
Examples:
  dockgen init                     look at this folder, ask what is open, write
  dockgen init --yes --port 3000   ask nothing
  dockgen explain                  why the files are as they are
  dockgen check                    in CI: fail when the files are not up to date

Exit codes:
  0   done
  1   check found a difference
  2   wrong call or broken input
  3   an answer or a yes is needed; the message names the flag
  70  a bug of dockgen";

pub(super) const INIT: &str = "\
Examples:
  dockgen init                            with questions, on a terminal
  dockgen init ../shop --dry-run --diff   only show what would be written
  dockgen init --yes --main ./cmd/api     several programs, no questions
  dockgen init --component services/api   one of several components
  dockgen init --set services/api:port=9000
  dockgen init --base slim --force        replace what is there
  dockgen init --pack ../our-frameworks   with detectors and templates of your own

A decision is taken from the flag, else from the DOCKGEN_ variable, else from the wizard's
answer, else from dockgen.toml, else from what is found in the repository.
Without a terminal nothing is asked: the best answer is used, and guesses are named.";

pub(super) const CHECK: &str = "\
Examples:
  dockgen check                   in CI, after a checkout
  dockgen check --format json | jq '.files[] | select(.kind != \"same\").path'

Give it the flags that init was given, or keep them in dockgen.toml.";

pub(super) const EXPLAIN: &str = "\
Examples:
  dockgen explain                        every decision with its reason
  dockgen explain --component web        of one component
  dockgen explain --format mermaid       the stages, for a README
  dockgen explain --format json | jq '.components[].decisions[]'";

pub(super) const PLAN: &str = "\
Examples:
  dockgen plan | jq -r '.components[].image.run.reference'
  dockgen plan --base alpine             what another base would change";

pub(super) const IMAGES: &str = "\
Examples:
  dockgen images           every line, with the end of its support
  dockgen images node      one runtime, with the image for each role
  dockgen images --format json | jq '.lines[] | select(.ended).runtime'";

pub(super) const SCHEMA: &str = "\
Examples:
  dockgen schema > plan.schema.json
  dockgen schema settings                for an editor that knows JSON schemas
  dockgen schema detector                what a framework is described by";

pub(super) const COMPLETIONS: &str = "\
Examples:
  dockgen completions bash > ~/.local/share/bash-completion/completions/dockgen
  dockgen completions zsh > ~/.zfunc/_dockgen
  dockgen completions fish > ~/.config/fish/completions/dockgen.fish";

pub(super) const MAN: &str = "\
Examples:
  dockgen man | man -l -
  dockgen man init > dockgen-init.1";
