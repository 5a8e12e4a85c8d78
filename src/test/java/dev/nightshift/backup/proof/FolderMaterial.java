package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.sandbox.SandboxFolder;
import dev.nightshift.testing.FolderBackup;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A backup that is a plain folder: what a store's backup looks like to a proof once it is read. */
record FolderMaterial(
        Path folder,
        int major,
        FolderBackup.Position position,
        @Nullable ProofLevel broken) implements ProofMaterial {
    static FolderMaterial take(Postgres source, Path folder) throws SQLException, IOException {
        SandboxFolder to = new SandboxFolder(folder);
        FolderBackup.Position position = FolderBackup.take(source, to.data(), to::tablespace, to.wal());
        return new FolderMaterial(folder, source.cluster().binaries().major(), position, null);
    }

    FolderMaterial brokenAt(ProofLevel level) {
        return new FolderMaterial(folder, major, position, level);
    }

    FolderMaterial expecting(FolderBackup.Position other) {
        return new FolderMaterial(folder, major, other, broken);
    }

    @Override
    public String name() {
        return "a folder";
    }

    @Override
    public Aim aim() {
        String point = position.restorePoint();
        return Aim.ofBackup(Lsn.parse(position.lsn()), position.timeline(), point.isEmpty() ? null : point);
    }

    @Override
    public List<Evidence> evidence() {
        return List.of();
    }

    @Override
    public Optional<String> setting(String name) {
        return Optional.empty();
    }

    @Override
    public Bytes plainSize() {
        return new Bytes(1L << 28);
    }

    @Override
    public List<Verified> verify(ProofLevel upTo, ProofWatch watch) {
        List<Verified> verified = new ArrayList<>();
        for (ProofLevel level : ProofLevel.values()) {
            if (level.compareTo(upTo) <= 0) {
                String damage = level == broken ? "base.tar is not what was stored." : null;
                verified.add(new Verified(
                        level, Duration.ofMillis(1), new ProofEvidence("a folder", Map.of("objects", 1L)), damage));
                if (damage != null) {
                    break;
                }
            }
        }
        return verified;
    }

    @Override
    public Map<Long, Path> restore(SandboxFolder to, ProofWatch watch) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Path target = to.path().resolve(folder.relativize(file));
                if (!Files.isDirectory(target)) {
                    Files.copy(file, target);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Map.of();
    }
}
