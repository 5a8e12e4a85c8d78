package dev.nightshift.backup.read;

import com.github.luben.zstd.ZstdInputStream;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The stand-alone decoder: turns a stored backup into plain tar archives, the server's backup_manifest and the log's
 * segments, with nothing but Java and the recovery kit or the exported keys. No server, no repository, no network.
 */
public final class Decoder {
    private static final String USAGE = """
            Turns a backup stored by Nightshift, or an archive of a server's log, into plain files, without Nightshift.

              java -jar nightshift-decoder.jar [--passphrase-file <file>] <stored> <key file> <output folder>
              java -jar nightshift-decoder.jar [--passphrase-file <file>] --list <store> <key file>
              java -jar nightshift-decoder.jar [--passphrase-file <file>] --show <recovery kit>

              <stored>          the folder that holds a backup's manifest.json or an archive's archive.json
              <store>           a folder with everything that a store holds: --list says what there is of the project,
                                --show which servers and stores a kit knows
              <key file>        the project's recovery kit, or its exported keys. A kit's passphrase is asked for, or is the
                                first line of the file that --passphrase-file names
              <output folder>   new or empty; gets base.tar, one <oid>.tar per tablespace, backup_manifest,
                                pg_wal/<segments>, settings/<saved files>, and configuration/<files made of them>;
                                of a logical backup database.dump for pg_restore, and settings/database.json

            Then, to bring the cluster up with stock PostgreSQL of the same major version:
              1. mkdir -m 700 data && tar -xf base.tar -C data
              2. for each <oid>.tar: make a new folder, extract it there, and let data/pg_tblspc/<oid> link to it:
                 rm data/pg_tblspc/<oid> && ln -s <folder> data/pg_tblspc/<oid>
              3. cp backup_manifest data/ && cp pg_wal/* data/pg_wal/
              4. pg_verifybackup data
              5. append archive_mode=off, primary_conninfo='' and max_logical_replication_workers=0 to
                 data/postgresql.auto.conf, check ports and addresses in data/postgresql.conf, then pg_ctl -D data start

            An incremental or differential backup is no cluster by itself. Decode those that it needs too, each into a
            folder of its own, down to the full one; do 1 to 3 for each, then join them, the full one first:
              pg_combinebackup data-1 data-2 data-3 -o data

            Of an archive every segment and history file is written, as restore_command wants them; a segment of which only
            the beginning is stored is filled up with zeros. Gaps are told. To restore to a point in time: 1 to 5 without the
            start, then
              touch data/recovery.signal, and append to data/postgresql.auto.conf
                restore_command = 'cp "<output folder of the archive>/%f" "%p"'
                recovery_target_time = '2026-11-29 04:30:00+00'       (or none, for all there is)
                recovery_target_action = 'promote'
              pg_ctl -D data start

            Where the source kept its configuration outside of its data folder, as on Debian, there is no
            data/postgresql.conf. Check configuration/postgresql.conf, then
              pg_ctl -D data -o "-c config_file=<output folder>/configuration/postgresql.conf" start
            """;

    private Decoder() {}

    /** See {@code --help}; exit status 0 when all is decoded, 1 when the backup is damaged, 2 for wrong arguments. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        if (arguments.contains("--help") || arguments.contains("-h")) {
            out.print(USAGE);
            return 0;
        }
        List<String> rest = new ArrayList<>(arguments);
        boolean list = rest.remove("--list");
        boolean show = rest.remove("--show");
        int option = rest.indexOf("--passphrase-file");
        Path passphrase = null;
        if (option >= 0 && option + 1 < rest.size()) {
            rest.remove(option);
            passphrase = Path.of(rest.remove(option));
        }
        if (rest.size() != (show ? 1 : list ? 2 : 3) || rest.stream().anyMatch(each -> each.startsWith("--"))) {
            err.print(USAGE);
            return 2;
        }
        try {
            if (show) {
                KeyFile.show(Path.of(rest.get(0)), passphrase, out);
                return 0;
            }
            BackupKeys keys = KeyFile.open(Path.of(rest.get(1)), passphrase);
            if (list) {
                StoreList.print(Path.of(rest.get(0)), keys, out);
            } else {
                decode(Path.of(rest.get(0)), keys, Path.of(rest.get(2)), out);
            }
            return 0;
        } catch (Failure e) {
            err.println(e.getMessage());
            if (e.remedy() != null) {
                err.println(e.remedy());
            }
        } catch (IOException e) {
            err.println("Decoding failed: " + e.getMessage());
        }
        return 1;
    }

    private static void decode(Path stored, BackupKeys keys, Path target, PrintStream out) throws IOException {
        if (Files.isRegularFile(stored.resolve(WalFolder.NAME))) {
            empty(target);
            DecodedLog.write(WalFolder.open(new FolderStore(stored), "", keys), target, out);
            return;
        }
        if (!Files.isRegularFile(stored.resolve(Manifest.NAME))) {
            throw new Failure.NotFound("There is neither " + Manifest.NAME + " nor " + WalFolder.NAME + " in " + stored
                    + ": it is no whole backup, and no archive of a log.");
        }
        BackupReader reader = BackupReader.open(new FolderStore(stored), "", keys);
        Manifest manifest = reader.manifest();
        empty(target);
        out.println("Backup " + manifest.backup() + " of " + manifest.projectName() + "/" + manifest.instanceName()
                + ", PostgreSQL " + manifest.source().serverVersion() + ", taken " + manifest.startedAt());
        Set<String> streams = new LinkedHashSet<>();
        manifest.objects().forEach(object -> streams.add(object.stream()));
        for (String stream : streams) {
            boolean compressed = stream.endsWith(".tar.zst");
            String name = ArchivePass.safe(stream.startsWith("wal/") ? "pg_" + stream : stream);
            Path file = target.resolve(compressed ? name.substring(0, name.length() - ".zst".length()) : name);
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (InputStream content = reader.sealed().open(stream);
                    InputStream plain = compressed ? new ZstdInputStream(content) : content) {
                long bytes = Files.copy(plain, file);
                out.println("  " + target.relativize(file) + "  " + new Bytes(bytes));
            }
        }
        if (manifest.stream("settings/settings.json").size() > 0) {
            Path folder =
                    Files.createDirectories(target.toAbsolutePath().normalize().resolve("configuration"));
            for (var file : ServerConfiguration.files(reader.sealed(), folder).entrySet()) {
                Files.writeString(folder.resolve(file.getKey()), file.getValue());
            }
        }
        Manifest.Dump dump = manifest.dump();
        if (dump != null && manifest.lineage().kind() == Manifest.Kind.DATA) {
            out.println("It holds the rows of database " + dump.dbname()
                    + " alone. Restore the definitions of a logical or schema"
                    + " backup first, with pg_restore --section=pre-data; then pg_restore --exit-on-error -d <database> "
                    + Manifest.Dump.STREAM + ", with pg_restore " + dump.toolMajor()
                    + " or newer; then --section=post-data of the other.");
            return;
        }
        if (dump != null) {
            out.println("It is a " + manifest.lineage().kind().word() + " backup of database " + dump.dbname()
                    + ": make its roles, which settings/" + Manifest.Dump.ROLES + " names, and an empty database, then"
                    + " pg_restore --exit-on-error -d <database> " + Manifest.Dump.STREAM + ", with pg_restore "
                    + dump.toolMajor() + " or newer.");
            return;
        }
        manifest.tablespaces()
                .forEach(tablespace -> out.println(
                        "Tablespace " + tablespace.oid() + " was at " + tablespace.location() + " on the source."));
        reader.tablespacesInLog()
                .forEach(tablespace -> out.println("Tablespace " + tablespace.oid() + " was created at "
                        + tablespace.path()
                        + " on the source meanwhile: the first start of the cluster writes there. Start"
                        + " it only where that is not the source's folder."));
        tellHowToUse(manifest, out);
    }

    private static void empty(Path target) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> content = Files.list(target)) {
            if (content.findAny().isPresent()) {
                throw new Failure.Conflict("The folder " + target + " is not empty.", "Give a new or empty folder.");
            }
        }
    }

    /** What holds changes only is no cluster, and a server that is started on it refuses or worse. */
    private static void tellHowToUse(Manifest manifest, PrintStream out) {
        UUID parent = manifest.lineage().parent();
        if (parent == null) {
            out.println("The cluster is consistent at " + manifest.position().stop() + "; the log reaches "
                    + manifest.position().expected() + ".");
            return;
        }
        out.println("This backup is " + manifest.lineage().kind().word() + ": it holds only what changed since backup "
                + parent
                + ", and is no cluster by itself. Decode that one too, and those that it needs, down to the full"
                + " one; then join them, the full one first, with pg_combinebackup of PostgreSQL "
                + manifest.source().major() + ". The log of this one reaches "
                + manifest.position().expected() + ".");
    }
}
