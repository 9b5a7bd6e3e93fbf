/** Events under selectors: conditions on a body are those on the members of an event. Pure. */
import { isSelected, type Selectable, type Selector } from '../selector/selector.ts';
import type { OperatorEvent } from './events.ts';

/** Returns what a selector is compared with. */
export const selectableEvent = (event: OperatorEvent): Selectable => ({ ...event, body: () => event });

/** Returns whether an event matches every member of a selector. */
export const isEventSelected = (event: OperatorEvent, selector: Selector): boolean =>
  isSelected(selector.body === undefined ? event : selectableEvent(event), selector);
