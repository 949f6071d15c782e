/** The `--fault` part of a command's help. A test holds it against the kinds, the forms and what `all` stands for. */
export const FAULT_HELP = `Faults, made on purpose (--fault, as often as wanted). Shares as 1% or 0.01, times as 500ms, 1m30s or 2h; :seed=<n> at
the end draws a kind from a seed of its own. An event has at most one fault: the first of this list that hits it.
  late=<share>:exp:<mean>           event time lies back; also uniform:<from>:<to> and fixed:<time>
  reorder=<share>:<window>          sent after its turn, by up to the window
  duplicate=<share>:<k>:<time>      sent k more times under the same id, so far apart
  drop=<share>                      made and never sent
  domain=<share>[:<form>,...]       readable nonsense: rating_step, rating_above, rating_below, rating_missing,
                                    rating_on_watch, user_zero, user_negative, film_zero, film_negative,
                                    film_on_deletion, time_before_1995, time_ahead
  poison=<share>[:<form>,...]       no event at all: no_magic, unknown_schema, truncated, empty, json, tombstone,
                                    trailing; and, only when named, oversize (1 MB each)
  key-skew=<share>:<partition>      sent to this Kafka partition, whatever the key says
  clock-skew=<share>:<+|-time>      share of people whose clock is off: by up to +4m, by +10m or more, or by any -time
  schema-switch@<time>              events from then on are written with version 2 of the schema
  schema-refused@<time>             the registry is offered an incompatible version 3 and must refuse it
  all                               late=1%:exp:12h reorder=1%:500ms duplicate=1%:2:100ms drop=0.5% domain=0.5%
                                    poison=0.1%:<every form> key-skew=1%:0 clock-skew=1%:+10m schema-switch@30s
                                    schema-refused@40s; a spec beside it replaces its kind, a share of 0 takes it out`;
