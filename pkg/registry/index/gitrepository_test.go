//go:build unix

package index

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCachedGitIndexAsksNobody(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.commit(okConfig)
	first := g.fetch(w)
	if err := os.Rename(g.dir, g.dir+".away"); err != nil {
		t.Fatal(err)
	}
	w.said = nil
	if second := g.fetch(w); second != first || w.said != nil {
		t.Errorf("got %s and then %s, said %q", first, second, w.said)
	}
}

func TestCacheWithoutConfigurationIsUpdated(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.write("x", "")
	g.git("-C", g.dir, "add", "--all")
	g.git("-C", g.dir, "commit", "--quiet", "--message=x")
	g.fetch(w)
	kept := filepath.Join(g.cache(w), "kept")
	if err := os.WriteFile(kept, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	g.commit(okConfig)
	if got := g.fetch(w); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the repository was made anew: %v", err)
	}
}

// differs: git-index-damaged
func TestDamagedGitIndexIsFetchedAgain(t *testing.T) {
	for about, damage := range map[string]string{
		"no HEAD":          `rm HEAD`,
		"no reference":     `rm refs/remotes/origin/HEAD`,
		"broken reference": `: >refs/remotes/origin/HEAD`,
		"no objects":       `rm -r objects`,
		"broken objects":   `find objects -type f -exec chmod u+w {} + -exec truncate -s 0 {} +`,
		"no repository":    `rm -r "$PWD"`,
		"a file instead":   `rm -r "$PWD"; echo x >"$PWD"`,
		"broken settings":  `echo [ >config`,
	} {
		t.Run(about, func(t *testing.T) {
			g, w := newGitIndex(t), newGitWorld(t, "")
			g.commit(okConfig)
			g.fetch(w)
			cmd := exec.Command("sh", "-c", damage)
			cmd.Dir = g.cache(w)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			w.said = nil
			if got := g.fetch(w); got != "http://h/api" || len(w.said) != 1 {
				t.Errorf("got %s, said %q", got, w.said)
			}
			if got := g.fetch(w); got != "http://h/api" || len(w.said) != 1 {
				t.Errorf("again: got %s, said %q", got, w.said)
			}
		})
	}
}

// Cargo cannot update a shallow repository from a file: URL.
func TestGitCacheOfAFileIsWhole(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.commit(okConfig)
	g.commit(okConfig)
	g.fetch(w)
	if got := g.git("--git-dir="+g.cache(w), "rev-list", "--count", gitRef); got != "2\n" {
		t.Errorf("%s commits", got)
	}
}

func TestCallersRepositoryIsLeftAlone(t *testing.T) {
	elsewhere := newGitIndex(t)
	dir := filepath.Join(elsewhere.dir, ".git")
	g := newGitIndex(t)
	g.commit(okConfig)
	before := listing(t, dir)
	w := newGitWorld(t, "", "GIT_DIR="+dir, "GIT_COMMON_DIR="+dir, "GIT_WORK_TREE="+elsewhere.dir, "GIT_INDEX_FILE="+dir+"/index",
		"GIT_OBJECT_DIRECTORY="+dir+"/objects", "GIT_QUARANTINE_PATH="+dir+"/objects", "GIT_NAMESPACE=x", "GIT_PREFIX=x/", "GIT_SHALLOW_FILE=x",
		"GIT_DEFAULT_HASH=sha256", "GIT_TEMPLATE_DIR="+elsewhere.dir)
	if got := g.fetch(w); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("the caller's repository had\n%s\nnow\n%s", before, after)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
