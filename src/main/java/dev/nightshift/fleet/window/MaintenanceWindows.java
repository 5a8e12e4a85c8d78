package dev.nightshift.fleet.window;

import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The maintenance windows of projects, and what is open now. */
@ApplicationScoped
public class MaintenanceWindows {
    /** The most windows of a project. */
    static final int MOST = 200;

    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private Audit audit;

    @Inject
    private Event<WindowsChanged> changes;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** A project's windows, by name. */
    public List<MaintenanceWindow> all(ProjectId project) {
        return transactions.in(project, WindowRepository::all);
    }

    /**
     * Whether work may be done on each group of databases, by their names; those that the project no longer has hold nothing
     * up.
     */
    public List<Windows.State> of(ProjectId project, List<List<String>> groups) {
        Windows windows = new Windows(all(project));
        if (windows.windows().isEmpty()) {
            return groups.stream()
                    .<Windows.State>map(group -> new Windows.State.Open(Optional.empty()))
                    .toList();
        }
        Map<String, Windows.Tagged> databases = fleet.databases(project).stream()
                .map(MaintenanceWindows::tagged)
                .collect(Collectors.toMap(Windows.Tagged::name, Function.identity()));
        return groups.stream()
                .map(group -> windows.of(
                        group.stream()
                                .filter(databases::containsKey)
                                .map(databases::get)
                                .toList(),
                        clock.now()))
                .toList();
    }

    private static Windows.Tagged tagged(Database database) {
        return new Windows.Tagged(database.name().value(), database.tags());
    }

    /**
     * The window of that name.
     *
     * @throws Failure.NotFound if the project has none
     */
    MaintenanceWindow named(ProjectId project, String name) {
        return all(project).stream()
                .filter(window -> window.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new Failure.NotFound("This project has no maintenance window of this name."));
    }

    void add(ProjectId project, MaintenanceWindow window) {
        transactions.run(project, connection -> {
            check(project, window, List.of());
            if (WindowRepository.all(connection).size() >= MOST) {
                throw new Failure.Conflict(
                        "This project has " + MOST + " windows, the most there may be.", "Delete some first.");
            }
            WindowRepository.add(connection, project, window);
            changed(project, "window.add", window);
        });
    }

    /**
     * Changes a window.
     *
     * @param change from what it is, which nobody else changes meanwhile, to what it is to be
     */
    MaintenanceWindow change(ProjectId project, String name, UnaryOperator<MaintenanceWindow> change) {
        return transactions.in(project, connection -> {
            WindowRepository.lock(connection, name);
            MaintenanceWindow before = named(project, name);
            MaintenanceWindow window = change.apply(before);
            // What it names already may be gone by now: that is no reason against another time
            check(project, window, before.databases());
            WindowRepository.change(connection, window);
            changed(project, "window.change", window);
            return window;
        });
    }

    void delete(ProjectId project, String name) {
        transactions.run(project, connection -> {
            WindowRepository.lock(connection, name);
            MaintenanceWindow window = named(project, name);
            WindowRepository.delete(connection, window.id());
            changed(project, "window.delete", window);
        });
    }

    private void changed(ProjectId project, String action, MaintenanceWindow window) {
        audit.record(
                project,
                action,
                "window " + window.name(),
                Map.of(
                        "days",
                        window.days().toString(),
                        "start",
                        window.start().toString(),
                        "end",
                        window.end().toString(),
                        "zone",
                        window.zone().getId(),
                        "databases",
                        window.databases()));
        changes.fire(new WindowsChanged(project));
        live.changed(project, "schedule", window.id());
    }

    private void check(ProjectId project, MaintenanceWindow window, List<String> known) {
        List<Database> databases = fleet.databases(project);
        for (int i = 0; i < window.databases().size(); i++) {
            String name = window.databases().get(i);
            boolean stands = known.contains(name)
                    || databases.stream()
                            .anyMatch(database -> MaintenanceWindow.names(
                                    List.of(name), database.name().value(), database.tags()));
            if (!stands) {
                throw new Failure.Invalid(
                        "databases[" + i + "]",
                        "This project has no database of this name; write tag: before a tag that one carries.");
            }
        }
    }
}
