/** A file on its way to a client. */
export interface Delivery {
  /** The client's address. */
  readonly from: string;
  /** Below images/. */
  readonly file: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Where in the file the client is: grows while it reads. */
  position: number;
}

/** What is being sent now: the progress bars look here. */
export class Deliveries {
  readonly #running = new Set<Delivery>();

  begin(from: string, file: string, size: number): Delivery {
    const delivery: Delivery = { from, file, size, position: 0 };
    this.#running.add(delivery);
    return delivery;
  }

  end(delivery: Delivery): void {
    this.#running.delete(delivery);
  }

  running(): readonly Readonly<Delivery>[] {
    return [...this.#running];
  }
}
