package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.postgres.Lsn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which file of which layer a cluster is made of. A file is taken from the newest layer that holds it whole, with the changes
 * of all after it; whatever the last layer does not list is never written. So each file is created once, and the control
 * file, which is never a change, is still the last one of the last archive: what was cut off does not start.
 */
final class Layering {
    static final String LABEL = "backup_label";

    /** Relations' files; elsewhere a file may be called so by chance. */
    private static final Pattern INCREMENTAL = Pattern.compile("((?:base/[0-9]+|global|pg_tblspc/[0-9]+/[^/]+/[0-9]+)/)"
            + "INCREMENTAL\\.([0-9]+(?:_[a-z]+)?(?:\\.[0-9]+)?)");

    /**
     * Visibility maps. A change of rows clears bits of them without naming their blocks in the log (heapam_xlog.c), so no
     * summary knows, and the server leaves those blocks out: a map that is laid together still calls pages visible whose rows
     * were changed, and an index-only scan counts those twice. An empty map is right for every table; vacuum fills it again.
     */
    private static final Pattern MAP = Pattern.compile(".*/[0-9]+_vm(\\.[0-9]+)?");

    private static final Pattern FROM = Pattern.compile(
            "^INCREMENTAL FROM LSN: ([0-9A-F]{1,8}/[0-9A-F]{1,8})\\nINCREMENTAL FROM TLI: ([0-9]{1,10})\\n",
            Pattern.MULTILINE);
    /** A label has seven lines or so. */
    private static final int LONGEST_LABEL = 1 << 14;

    private final List<Layer> layers;
    /** For each layer the files whose changes in the next one are wanted, by their own names. */
    private final List<Set<String>> built = new ArrayList<>();

    /** @throws DamageException if a change has no file before it */
    Layering(List<Layer> layers) throws DamageException {
        this.layers = List.copyOf(layers);
        for (int at = 0; at < layers.size(); at++) {
            check(at);
        }
        Set<String> wanted = Set.of();
        for (int at = layers.size() - 1; at >= 0; at--) {
            built.add(0, wanted);
            Set<String> before = new HashSet<>();
            for (String listed : layers.get(at).list().files().keySet()) {
                String file = changed(listed);
                if (file != null && !isMap(file) && (at == layers.size() - 1 || wanted.contains(file))) {
                    before.add(file);
                }
            }
            wanted = before;
        }
    }

    private void check(int at) throws DamageException {
        Set<String> listed = layers.get(at).list().files().keySet();
        for (String path : listed) {
            String file = changed(path);
            if (file == null) {
                continue;
            }
            String what = "The file " + path + " of backup " + id(at) + " ";
            if (at == 0) {
                throw new DamageException(what + "holds changes, but the backup is a full one");
            }
            Set<String> before = layers.get(at - 1).list().files().keySet();
            if (!before.contains(file) && !before.contains(incremental(file))) {
                throw new DamageException(
                        what + "holds changes to a file that backup " + id(at - 1) + " does not hold");
            }
            if (listed.contains(file)) {
                throw new DamageException(what + "holds changes to a file that is there as a whole too");
            }
        }
    }

    private Object id(int at) {
        return layers.get(at).manifest().backup();
    }

    /** The file that this one changes; null if it is one by itself. */
    static @Nullable String changed(String path) {
        Matcher matcher = INCREMENTAL.matcher(path);
        return matcher.matches() ? matcher.group(1) + matcher.group(2) : null;
    }

    static boolean isMap(String file) {
        return MAP.matcher(file).matches();
    }

    static String incremental(String file) {
        int name = file.lastIndexOf('/') + 1;
        return file.substring(0, name) + "INCREMENTAL." + file.substring(name);
    }

    /** Takes one layer's files, in the layers' order, to where the cluster's files go. */
    FileTaker taker(int at, FileTaker cluster) {
        boolean last = at == layers.size() - 1;
        return new FileTaker() {
            @Override
            public void folder(String path) throws IOException {
                if (last) {
                    cluster.folder(path);
                }
            }

            @Override
            public Content file(String path) throws IOException {
                if (at > 0 && path.equals(LABEL)) {
                    return new Label(at, last ? cluster.file(path) : Content.NOTHING);
                }
                String file = changed(path);
                if (at > 0 && file != null) {
                    boolean wanted = last ? !isMap(file) : built.get(at).contains(file);
                    if (last && isMap(file)) {
                        cluster.file(file).close();
                    }
                    return new IncrementalFile(path, wanted ? cluster.change(file) : Blocks.NOTHING);
                }
                if (last) {
                    return cluster.file(path);
                }
                if (!built.get(at).contains(path)) {
                    return Content.NOTHING;
                }
                cluster.folder(path.substring(0, path.lastIndexOf('/')));
                return cluster.file(path);
            }

            @Override
            public Blocks change(String path) {
                throw new IllegalStateException("Layers are not laid over each other twice.");
            }
        };
    }

    /** The label names the backup that the changes are to, and a server with such a label does not start. */
    private final class Label implements FileTaker.Content {
        private final int at;
        private final FileTaker.Content whole;
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();

        Label(int at, FileTaker.Content whole) {
            this.at = at;
            this.whole = whole;
        }

        @Override
        public void write(byte[] bytes, int count) throws IOException {
            if (text.size() + count > LONGEST_LABEL) {
                throw new DamageException("the file " + LABEL + " is too long for one");
            }
            text.write(bytes, 0, count);
        }

        @Override
        public void close() throws IOException {
            try (whole) {
                String label = text.toString(StandardCharsets.UTF_8);
                Matcher from = FROM.matcher(label);
                var parent = layers.get(at - 1).manifest();
                if (!from.find()
                        || !Lsn.parse(from.group(1)).equals(parent.position().start())
                        || !from.group(2)
                                .equals(Integer.toString(parent.source().timeline()))) {
                    throw new DamageException("the file " + LABEL + " of backup " + id(at)
                            + " does not say that its changes are to backup " + parent.backup() + ", which begins at "
                            + parent.position().start() + " on timeline "
                            + parent.source().timeline());
                }
                byte[] bytes = from.replaceFirst("").getBytes(StandardCharsets.UTF_8);
                whole.write(bytes, bytes.length);
            }
        }
    }
}
