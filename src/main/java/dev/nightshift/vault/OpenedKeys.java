package dev.nightshift.vault;

import dev.nightshift.kernel.ProjectId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Keys that are open, by the text that the repository has of them: another node may have exchanged them. */
final class OpenedKeys {
    /** The newest may be of a transaction that is rolled back. */
    private static final int FORMS = 2;

    private final Map<ProjectId, List<Opened>> opened = new ConcurrentHashMap<>();

    private record Opened(String wrapped, ProjectKeys keys) {}

    Optional<ProjectKeys> find(ProjectId project, String wrapped) {
        return opened.getOrDefault(project, List.of()).stream()
                .filter(each -> each.wrapped().equals(wrapped))
                .map(Opened::keys)
                .findFirst();
    }

    void keep(String wrapped, ProjectKeys keys) {
        opened.merge(
                keys.project(),
                List.of(new Opened(wrapped, keys)),
                (before, now) -> Stream.concat(now.stream(), before.stream())
                        .limit(FORMS)
                        .toList());
    }
}
